"""What CPU does a client spend on one `model.run` against a hub on loopback, against the official package?

Both run the same code: ours is a drop-in. CPU of the client's process, all threads, kernel included.
"""

from __future__ import annotations

from functools import partial

from bench.environments import official, ours
from bench.measuring import alternate, hub_process, number_from, report

CODE = """
import time
from aixplain.v2 import Aixplain
aix = Aixplain(api_key="bench", backend_url={url!r}, model_url={url!r} + "/api/v2/execute")
model = aix.Model.get("bench/echo")
for _ in range(50):
    model.run(text="hello")
before = time.process_time()
for _ in range({runs}):
    assert model.run(text="hello").data == "hello"
print((time.process_time() - before) / {runs})
"""


def main() -> None:
    with hub_process() as url:
        measures = {
            "official 0.2.41": partial(number_from, official(), CODE.format(url=url, runs=300)),
            "ours": partial(number_from, ours(), CODE.format(url=url, runs=2000)),
        }
        medians = alternate(measures, rounds=7)
    report("model.run on loopback, client's CPU a run", medians, "µs", 1e6, ours="ours", goal=("official 0.2.41", 10))


if __name__ == "__main__":
    main()
