"""What does one chunk of a stream cost, when chunks come one by one, 200 µs apart?

CPU of the client's process over a stream of 3,000 chunks, a chunk: each wakes the client. OpenAI's client reads its own
shape.
"""

from __future__ import annotations

from bench.measuring import PLACES, in_turn, report

STREAM = ("stream", "data.3000.200.chunked")


def main() -> None:
    tasks = {"official": STREAM, "openai": ("stream", "openai.3000.200.chunked"), "ours": STREAM}
    goals = {"official": 1.1, "openai": 1 / 4}
    for where, placement in PLACES.items():
        report(f"stream paced at 200 µs, {where}: CPU a chunk", in_turn(tasks, 5, placement), "µs", 1e6, goals=goals)


if __name__ == "__main__":
    main()
