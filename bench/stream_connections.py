"""Does a stream that was read to its end leave a connection that the next request uses?

Of 20 streams, each followed by a run; the server counts. As with real services, the end of the body comes a moment
after `[DONE]`.
"""

from __future__ import annotations

from bench.measuring import ANYWHERE, in_turn, report


def main() -> None:
    tasks = dict.fromkeys(("official", "openai", "ours"), ("kept", 20))
    report("connections kept after a stream, of 20", in_turn(tasks, 3, ANYWHERE), "", at_least=20)


if __name__ == "__main__":
    main()
