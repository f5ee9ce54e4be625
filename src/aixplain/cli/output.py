"""What commands write: answers to stdout as they are, JSON when asked, and what is said about the work to stderr."""

from __future__ import annotations

import sys
from typing import Any


def print_json(value: Any) -> None:
    """JSON, indented, as it is."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_answer(data: Any) -> None:
    """The answer of a model: text as it is, anything else as JSON."""
    if isinstance(data, str):
        sys.stdout.write(data if data.endswith("\n") else data + "\n")
    else:
        print_json(data)


def print_piece(text: str) -> None:
    """A piece of a streamed answer, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def note(text: str) -> None:
    """Say something about the work, as one line whatever the terminal's width."""
    sys.stdout.flush()  # so that a terminal shows both in their order
    sys.stderr.write(text + "\n")
