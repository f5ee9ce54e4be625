"""Tables as JSON Lines: an object on each line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from aixplain.cli.failures import UsageProblem
from aixplain.cli.tables import Row, Table


class JsonLines:
    """A table without a head; each line tells its own columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.columns: Sequence[str] = list(next(self.rows(), {}))

    def count(self) -> int:
        """How many rows there are."""
        with self._path.open("rb") as file:
            return sum(1 for line in file if line.strip())

    def rows(self) -> Iterator[Row]:
        """The rows, in their order."""
        decode = msgspec.json.Decoder(Row).decode
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield decode(line.removeprefix(b"\xef\xbb\xbf"))
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise UsageProblem(f"Line {number} of '{self._path}' is no JSON object: {error}.") from error


class Writer:
    """Writes such a table."""

    def __init__(self, path: Path | None) -> None:
        self._file = sys.stdout.buffer if path is None else path.open("wb")
        self._is_stdout = path is None

    def write(self, row: Row) -> None:
        """Write a row."""
        self._file.write(msgspec.json.encode(row) + b"\n")
        if self._is_stdout:
            self._file.flush()

    def close(self) -> None:
        """Write what is left."""
        if not self._is_stdout:
            self._file.close()


def read(path: Path) -> JsonLines:
    """The table in a file."""
    return JsonLines(path)


def write(path: Path | None, table: Table, added: Sequence[str]) -> Writer:
    """A table like this one, with more columns."""
    return Writer(path)
