"""What does one chunk of a stream cost, when chunks come one by one, 200 µs apart?

CPU of the client's process over a stream of 5,000 chunks, a chunk: each wakes the client. OpenAI's client reads its own shape.
"""

from __future__ import annotations

from bench.measuring import in_turn, report

STREAM = ("stream", "data.5000.200.chunked")


def main() -> None:
    tasks = {"official": STREAM, "openai": ("stream", "openai.5000.200.chunked"), "ours": STREAM}
    report("stream paced at 200 µs: CPU a chunk", in_turn(tasks, rounds=7), "µs", 1e6, goals={"official": 1.1, "openai": 1 / 4})


if __name__ == "__main__":
    main()
