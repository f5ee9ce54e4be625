"""What commands print: tables that fit the terminal, answers as they are, JSON when asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

#: Answers go here; no markup, no wrapping, so that a pipe gets what the model said.
console = Console(highlight=False, markup=False)
#: What is said about the work goes here.
notes = Console(stderr=True, highlight=False, markup=False)


def print_json(value: Any) -> None:
    """JSON, indented, as it is."""
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
    notes.print(text, soft_wrap=True)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, shorten: bool = False) -> None:
    """A table without lines. The first column stands whole; `shorten` cuts the last so that a row is a line."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    last = len(headings) - 1
    for number, heading in enumerate(headings):
        widest = max((cell_len(row[number]) for row in rows), default=0)
        whole = number == 0 or (shorten and number < last)
        table.add_column(
            heading,
            no_wrap=whole or shorten,
            overflow="ellipsis",
            min_width=min(widest, console.width // 2) if whole else None,
            style="cyan" if number == 0 else "",
        )
    for row in rows:
        table.add_row(*row)
    console.print(table)
