"""What does it cost to be ready for a first call: to import, to construct, to name what will be called?

CPU of a whole process, bare Python included. And, with no goal, until the first call is answered: ours loads what sends
a request with the first request.
"""

from __future__ import annotations

from functools import partial

from bench.measuring import alternate, cpu_of, report, serving

AIXPLAIN = """
from aixplain.v2 import Aixplain
aix = Aixplain(api_key="bench", backend_url={url!r}, model_url={url!r} + "/api/v2/execute")
call = aix.Model.get
"""
OPENAI = """
from openai import OpenAI
client = OpenAI(api_key="bench", base_url={url!r} + "/v1")
call = client.models.retrieve
client.chat.completions.create
"""
CODE = {"official": AIXPLAIN, "openai": OPENAI, "ours": AIXPLAIN}


def main() -> None:
    with serving() as url:
        ready = {name: partial(cpu_of, name, code.format(url=url)) for name, code in CODE.items()}
        answered = {name: partial(cpu_of, name, code.format(url=url) + "call('bench')") for name, code in CODE.items()}
        medians = alternate(ready, rounds=7)
        firsts = alternate(answered, rounds=5)
    report("import, construct, ready to call: CPU", medians, "ms", 1e3, goals={"official": 1 / 10, "openai": 1 / 10})
    report("import, construct, first get answered: CPU", firsts, "ms", 1e3)


if __name__ == "__main__":
    main()
