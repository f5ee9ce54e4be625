"""How long after it was sent does a token reach the loop that reads the stream?

The server puts the moment of sending into each of 50 tokens, 20 ms apart; the client subtracts it from its own, on the
clock that both share. The mean, with chunked transfer coding and without (until the connection closes).
"""

from __future__ import annotations

from bench.measuring import ANYWHERE, in_turn, report


def main() -> None:
    for framing in ("chunked", "plain"):
        tasks = dict.fromkeys(("official", "ours"), ("lateness", f"stamps.50.20000.{framing}"))
        report(f"token lateness, {framing}: wall", in_turn(tasks, 3, ANYWHERE), "ms", 1e3, at_most=2)


if __name__ == "__main__":
    main()
