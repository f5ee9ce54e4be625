"""What commands print: tables that fit the terminal, answers as they are, JSON when asked."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import msgspec
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


def print_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table without lines, its first column whole."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=number == 0, overflow="fold" if number == 0 else "ellipsis", style="cyan" if number == 0 else "")
    for row in rows:
        table.add_row(*row)
    console.print(table)
