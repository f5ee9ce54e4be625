"""What does one blocking `run` cost, answered at once?

CPU of the client's process a call, all threads. The model has 15 parameters, three of them with a default that travels;
OpenAI's client sends a chat completion with the same values and reads its own answer of the same content.
"""

from __future__ import annotations

from bench.measuring import PLACES, in_turn, report


def main() -> None:
    tasks = {"official": ("run", 200), "openai": ("run", 200), "bare socket": ("run", 2000), "ours": ("run", 2000)}
    goals = {"official": 1 / 18, "openai": 1 / 11, "bare socket": 2.5}
    for where, placement in PLACES.items():
        report(f"run, sync, {where}: CPU a run", in_turn(tasks, 11, placement), "µs", 1e6, goals=goals)


if __name__ == "__main__":
    main()
