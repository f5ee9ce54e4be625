"""What does one `run` cost on asyncio, with 64 and with 512 at once?

CPU of the client's process a run. The bare socket is an `asyncio.Protocol`, which costs less than asyncio's streams.
Connections are open when the clock starts; OpenAI's client keeps 100 of them by its own default.
"""

from __future__ import annotations

from bench.measuring import PLACES, in_turn, report

GOALS = {64: {"openai": 1 / 18, "bare socket": 3.0}, 512: {"openai": 1 / 25, "bare socket": 3.0}}


def main() -> None:
    for at_once, goals in GOALS.items():
        tasks = {
            "openai": ("run on asyncio", [at_once, 512]),
            "bare socket": ("run on asyncio", [at_once, 5120]),
            "ours on asyncio": ("run", [at_once, 5120]),
        }
        for where, placement in PLACES.items():
            values = in_turn(tasks, 5, placement)
            report(f"run on asyncio, {at_once} at once, {where}: CPU a run", values, "µs", 1e6, goals=goals)


if __name__ == "__main__":
    main()
