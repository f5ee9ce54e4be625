"""Files of rows: CSV, JSON Lines and Parquet, read and written a row at a time. A file for each format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from aixplain.cli.failures import UsageProblem

Row = dict[str, Any]

#: What a file's name ends in, and the module that has its format.
FORMATS = {".csv": "delimited", ".tsv": "delimited", ".jsonl": "jsonlines", ".ndjson": "jsonlines", ".parquet": "parquet"}


class Table(Protocol):
    """A file that is read. `columns` are the first row's; a row of JSON Lines may have others."""

    columns: Sequence[str]

    def count(self) -> int:
        """How many rows there are."""
        ...

    def rows(self) -> Iterator[Row]:
        """The rows, in their order. Raises `UsageProblem` at one that can't be read, with its place."""
        ...


class Writer(Protocol):
    """A file that is written, of the same format."""

    def write(self, row: Row) -> None:
        """Write a row; one that is streamed is there at once."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


def open_table(path: Path) -> Table:
    """The table in a file. Raises `UsageProblem` for a file that isn't there, or is no table."""
    if not path.is_file():
        raise UsageProblem(f"The file '{path}' is not there. Check the path; it is looked for in {Path.cwd()}.")
    table: Table = _format(path).read(path)
    return table


def new_table(source: Path, to: Path | None, table: Table, added: Sequence[str]) -> Writer:
    """A table like the one in `source`, with columns added, written to a file or, without one, to stdout."""
    writer: Writer = _format(source).write(to, table, added)
    return writer


def check_alike(source: Path, to: Path) -> None:
    """Raise `UsageProblem` unless both are of one format."""
    if FORMATS.get(to.suffix.lower()) != FORMATS[source.suffix.lower()]:
        raise UsageProblem(f"'{to}' is to be like '{source}': let its name end in {source.suffix}.")


def _format(path: Path) -> Any:
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise UsageProblem(f"'{path}' is of no kind that is known here; a table's name ends in {', '.join(FORMATS)}.")
    return import_module(f"aixplain.cli.tables.{name}")
