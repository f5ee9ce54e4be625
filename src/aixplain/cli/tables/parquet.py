"""Tables as Parquet, by way of the extra `[parquet]`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aixplain.cli.failures import UsageProblem
from aixplain.cli.output import as_text
from aixplain.cli.tables import Row, Table

#: Rows that are held before they are written as a group.
GROUP = 10_000
BATCH = 256


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise UsageProblem(
            "Parquet files need pyarrow, which is not installed: pip install 'aixplain-models[parquet]'"
        ) from error
    return pyarrow


class Parquet:
    """A table with a schema."""

    def __init__(self, path: Path) -> None:
        pyarrow = _pyarrow()
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise UsageProblem(f"'{path}' can't be read as Parquet: {error}.") from error
        self.schema = self._file.schema_arrow
        self.columns: Sequence[str] = self.schema.names

    def count(self) -> int:
        """How many rows there are."""
        return int(self._file.metadata.num_rows)

    def rows(self) -> Iterator[Row]:
        """The rows, in their order."""
        for batch in self._file.iter_batches(batch_size=BATCH):
            yield from batch.to_pylist()


class Writer:
    """Writes such a table: the columns as they were, and more of them with text."""

    def __init__(self, path: Path, table: Parquet, added: Sequence[str]) -> None:
        self._pyarrow = _pyarrow()
        self._added = added
        self._schema = table.schema
        for name in added:
            self._schema = self._schema.append(self._pyarrow.field(name, self._pyarrow.string()))
        self._writer = self._pyarrow.parquet.ParquetWriter(path, self._schema)
        self._rows: list[Row] = []

    def write(self, row: Row) -> None:
        """Write a row, with others."""
        texts = {name: None if row[name] is None else as_text(row[name]) for name in self._added}
        self._rows.append({**row, **texts})
        if len(self._rows) == GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(self._pyarrow.Table.from_pylist(self._rows, self._schema))
        self._rows.clear()


def read(path: Path) -> Parquet:
    """The table in a file."""
    return Parquet(path)


def write(path: Path | None, table: Table, added: Sequence[str]) -> Writer:
    """A table like this one, with more columns."""
    if path is None or not isinstance(table, Parquet):
        raise UsageProblem("A Parquet file is written whole, so it needs a name: --to FILE.parquet")
    return Writer(path, table, added)
