"""What does it cost to get one model by its id?

CPU of the client's process a call: the request, and the answer of 3.4 kB with 15 parameters as records. OpenAI's client
reads the 90 bytes that its own service answers. Ours decodes the parameters when they are read, so a second table reads
one, as the official package has then.
"""

from __future__ import annotations

from bench.measuring import PLACES, in_turn, report


def main() -> None:
    tasks = {"official": ("get", 60), "openai": ("get", 300), "bare socket": ("get", 1000), "ours": ("get", 1000)}
    goals = {"official": 1 / 60, "openai": 1 / 6, "bare socket": 2.5}
    for where, placement in PLACES.items():
        report(f"get, {where}: CPU a call", in_turn(tasks, 9, placement), "µs", 1e6, goals=goals)
    read = {"official": ("get and read", 60), "ours": ("get and read", 1000)}
    report("get, and an input read: CPU a call", in_turn(read, rounds=5), "µs", 1e6)


if __name__ == "__main__":
    main()
