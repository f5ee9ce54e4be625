"""What commands write: answers to stdout as they are, JSON when asked, and what is said about the work to stderr."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Any

from aixplain._wire.control_characters import escape_lines

#: No base64 that is shortened is in a shorter text.
SHORTEST_MEDIA = 80


def for_terminal(text: str) -> str:
    """Text of models and services as stdout may have it: a terminal gets control characters escaped, and no base64."""
    if not sys.stdout.isatty():
        return text
    if len(text) >= SHORTEST_MEDIA:
        from aixplain.cli.media import summarize_media

        text = summarize_media(text)
    return escape_lines(text)


def print_json(value: Any) -> None:
    """JSON, indented, as it is."""
    import msgspec

    sys.stdout.write(for_terminal(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()) + "\n")


def print_answer(data: Any) -> None:
    """The answer of a model: text as it is, anything else as JSON."""
    if isinstance(data, str):
        sys.stdout.write(for_terminal(data if data.endswith("\n") else data + "\n"))
    else:
        print_json(data)


def as_text(data: Any) -> str:
    """An answer in one cell: text as it is, anything else as JSON."""
    import msgspec

    return data if isinstance(data, str) else msgspec.json.encode(data).decode()


def print_piece(text: str) -> None:
    """A piece of a streamed answer, at once."""
    sys.stdout.write(for_terminal(text))
    sys.stdout.flush()


def note(text: str) -> None:
    """Say something about the work: whole words on each line of a terminal, one line elsewhere."""
    sys.stdout.flush()  # so that a terminal shows both in their order
    text = escape_lines(text)
    width = shutil.get_terminal_size().columns
    if sys.stderr.isatty() and len(text) > width:
        text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
    sys.stderr.write(text + "\n")
