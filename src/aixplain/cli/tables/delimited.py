"""Tables as CSV, and with tabs as TSV: a first row with the names of the columns, UTF-8."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from aixplain.cli.failures import UsageProblem
from aixplain.cli.output import as_text
from aixplain.cli.tables import Row, Table

csv.field_size_limit(2**31 - 1)  # a text may be longer than the module's own 128 kB


class Delimited:
    """A table with a first row of names. A row that is too short is filled up with empty cells."""

    def __init__(self, path: Path) -> None:
        self._path = path
        names = next(self._records(), None)
        if not names:
            raise UsageProblem(f"'{path}' is empty; its first row is to have the names of the columns.")
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UsageProblem(f"'{path}' has more than one column '{twice[0]}'.")
        self.columns: Sequence[str] = names

    def count(self) -> int:
        """How many rows there are."""
        return sum(1 for _ in self._records()) - 1

    def rows(self) -> Iterator[Row]:
        """The rows, in their order."""
        records = self._records()
        next(records)
        width = len(self.columns)
        for number, record in enumerate(records, start=1):
            if len(record) > width:
                raise UsageProblem(f"Row {number} of '{self._path}' has {len(record)} cells for {width} columns.")
            yield dict(zip(self.columns, record + [""] * (width - len(record)), strict=True))

    def _records(self) -> Iterator[list[str]]:
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=_delimiter(self._path), strict=True)
            try:
                yield from (record for record in reader if record)  # an empty line is no row
            except (csv.Error, UnicodeDecodeError) as error:
                raise UsageProblem(f"'{self._path}' can't be read near line {reader.line_num}: {error}.") from error


class Writer:
    """Writes such a table."""

    def __init__(self, path: Path | None, columns: Sequence[str], delimiter: str) -> None:
        self._file: IO[str] = sys.stdout if path is None else path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, delimiter=delimiter, lineterminator="\n")
        self._columns = columns
        self._writer.writerow(columns)

    def write(self, row: Row) -> None:
        """Write a row."""
        self._writer.writerow([_cell(row.get(column)) for column in self._columns])
        if self._file is sys.stdout:
            self._file.flush()

    def close(self) -> None:
        """Write what is left."""
        if self._file is not sys.stdout:
            self._file.close()


def read(path: Path) -> Delimited:
    """The table in a file."""
    return Delimited(path)


def write(path: Path | None, table: Table, added: Sequence[str]) -> Writer:
    """A table like this one, with more columns."""
    delimiter = _delimiter(table._path) if isinstance(table, Delimited) else ","
    return Writer(path, [*table.columns, *added], delimiter)


def _delimiter(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _cell(value: Any) -> str:
    return "" if value is None else as_text(value)
