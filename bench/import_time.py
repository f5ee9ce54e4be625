"""What does `from aixplain.v2 import Aixplain` cost, beyond a bare Python, against the official package?"""

from __future__ import annotations

from functools import partial

from bench.environments import official, ours
from bench.measuring import alternate, cpu_of, report

CODE = "from aixplain.v2 import Aixplain"


def main() -> None:
    measures = {
        "bare python": partial(cpu_of, ours(), "pass"),
        "official 0.2.41": partial(cpu_of, official(), CODE),
        "ours": partial(cpu_of, ours(), CODE),
    }
    medians = alternate(measures, rounds=9)
    bare = medians.pop("bare python")
    beyond = {name: value - bare for name, value in medians.items()}
    report("import, CPU, whole process", medians, "ms", 1e3, ours="ours", goal=("official 0.2.41", 8))
    report("import, CPU, beyond bare Python", beyond, "ms", 1e3, ours="ours", goal=("official 0.2.41", 8))


if __name__ == "__main__":
    main()
