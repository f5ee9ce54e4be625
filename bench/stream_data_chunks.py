"""What does one chunk of a stream cost, when it is a `data` event and comes in large frames?

CPU of the client's process over a stream of 20,000 chunks of 24 bytes in frames of 64 kB, from the request to the end,
a chunk. OpenAI's client reads the same tokens in its own shape, the only one that it knows.
"""

from __future__ import annotations

from bench.measuring import in_turn, report

STREAM = ("stream", "data.20000.0.chunked")


def main() -> None:
    tasks = {"official": STREAM, "openai": ("stream", "openai.20000.0.chunked"), "bare socket": STREAM, "ours": STREAM}
    goals = {"official": 1 / 4, "openai": 1 / 100, "bare socket": 1.8}
    report("stream of data chunks: CPU a chunk", in_turn(tasks, rounds=7), "µs", 1e6, goals=goals)


if __name__ == "__main__":
    main()
