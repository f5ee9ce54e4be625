"""What does a search cost, from the request to a page of 100 models?

CPU of the client's process a call, end to end; the answer is of 345 kB, 15 parameters a model.
"""

from __future__ import annotations

from bench.measuring import in_turn, report


def main() -> None:
    tasks = {"official": ("search", 2), "ours": ("search", 60)}
    report("search of a page of 100: CPU a call", in_turn(tasks, rounds=5), "ms", 1e3, goals={"official": 1 / 150})


if __name__ == "__main__":
    main()
