"""What does one `run` cost when 64 threads share a client?

CPU of the client's process a run. Every thread has run once before the clock starts, so that connections are open.
"""

from __future__ import annotations

from bench.measuring import ANYWHERE, in_turn, report


def main() -> None:
    task = "run in threads"
    tasks = {"official": (task, 640), "openai": (task, 640), "ours": (task, 6400)}
    report(
        "run from 64 threads: CPU a run", in_turn(tasks, 7, ANYWHERE), "µs", 1e6, goals={"official": 1 / 15, "openai": 1 / 14}
    )


if __name__ == "__main__":
    main()
