"""What does one chunk of a stream cost, when it is of OpenAI's shape and comes in large frames?

CPU of the client's process over a stream of 20,000 chunks of 280 bytes in frames of 64 kB, from the request to the end,
a chunk.
"""

from __future__ import annotations

from bench.measuring import in_turn, report

STREAM = ("stream", "openai.20000.0.chunked")


def main() -> None:
    tasks = dict.fromkeys(("official", "openai", "bare socket", "ours"), STREAM)
    goals = {"official": 1 / 4.5, "openai": 1 / 50, "bare socket": 1.4}
    report("stream of OpenAI chunks: CPU a chunk", in_turn(tasks, rounds=7), "µs", 1e6, goals=goals)


if __name__ == "__main__":
    main()
