"""What does importing a client cost, beyond a bare Python?

CPU of a whole process that does nothing else, less that of a process that does nothing at all.
"""

from __future__ import annotations

from functools import partial

from bench.measuring import alternate, cpu_of, report

CODE = {
    "official": "from aixplain.v2 import Aixplain",
    "openai": "from openai import OpenAI",
    "ours": "from aixplain.v2 import Aixplain",
}


def main() -> None:
    bare = {f"bare for {name}": partial(cpu_of, name, "pass") for name in CODE}
    medians = alternate({**bare, **{name: partial(cpu_of, name, code) for name, code in CODE.items()}}, rounds=7)
    beyond = {name: medians[name] - medians[f"bare for {name}"] for name in CODE}
    report("import, beyond bare Python: CPU", beyond, "ms", 1e3, goals={"official": 1 / 12, "openai": 1 / 10})


if __name__ == "__main__":
    main()
