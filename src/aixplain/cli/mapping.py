"""What `aix map` does: columns become inputs, rows go through the model, and come out with its answers."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from aixplain.cli.failures import UsageProblem
from aixplain.cli.inputs import cell_input, main_input
from aixplain.cli.screen import Show, watching
from aixplain.cli.tables import Row, Table, check_alike, new_table
from aixplain.v2.model import MapItem, Model


class Columns:
    """Which column is which input. Raises `UsageProblem` for a column or an input that isn't there."""

    def __init__(self, model: Model, names: Sequence[str], chosen: Sequence[str], where: str) -> None:
        self._parameters = {parameter.name: parameter for parameter in model.params}
        self._main = main_input(self._parameters)
        self._of = {name: name for name in names if name in self._parameters}
        self._of.update(self._named(each, names, where) for each in chosen)
        if not self._parameters or (self._main and self._main not in self._of):
            self._of.setdefault(self._main or "text", self._only(names, where, model))

    def inputs(self, row: Row) -> dict[str, Any]:
        """A row as inputs; an empty cell, or one without a value, is one that isn't given."""
        given = {name: row.get(column) for name, column in self._of.items()}
        return {
            name: cell_input(self._parameters.get(name), value)
            for name, value in given.items()
            if value is not None and (value != "" or name == self._main)
        }

    def _named(self, word: str, names: Sequence[str], where: str) -> tuple[str, str]:
        """`text=review`, or `review` for the main input."""
        name, equals, column = word.partition("=")
        if not equals or (word in names and name not in self._parameters):
            name, column = self._main or "text", word
        if column not in names:
            raise UsageProblem(f"{where} has no column '{column}'; there are {', '.join(names)}.")
        if self._parameters and name not in self._parameters:
            raise UsageProblem(f"The model has no input '{name}'; there are {', '.join(self._parameters)}.")
        return name, column

    def _only(self, names: Sequence[str], where: str, model: Model) -> str:
        if len(names) == 1:
            return names[0]
        raise UsageProblem(
            f"None of the columns of {where} ({', '.join(names)}) is called {self._main or 'text'}, "
            f"which is what {model.path or 'the model'} takes. Name the one to take: --column {names[-1] if names else 'NAME'}"
        )


class Mapping:
    """A model over a table: how far it is, and what it cost. Raises `UsageProblem` for a file that can't be written."""

    def __init__(self, model: Model, table: Table, columns: Columns, source: Path, to: Path | None, *, overwrite: bool) -> None:
        self._model, self._table, self._columns, self._source, self.to = model, table, columns, source, to
        self._checkpoint = None if to is None else to.with_name(to.name + ".checkpoint")
        self._added = [_free(name, table.columns) for name in ("result", "error")]
        self._total = table.count()
        self._pulled: deque[Row] = deque()
        self.done = self.failed = 0
        self.began = False
        self.credits: float | None = None
        if to is not None and self._checkpoint is not None:
            check_alike(source, to)
            if to.exists() and not overwrite and not self._checkpoint.exists():
                raise UsageProblem(f"'{to}' is there already. Name another file with --to, or replace it with --overwrite.")
            if overwrite:
                self._checkpoint.unlink(missing_ok=True)

    def run(self, shared: dict[str, Any], *, concurrency: int, budget: float | None, timeout: float) -> None:
        """Map all rows; when it is stopped, what is done is in the file all the same."""
        items = self._model.map(
            self._inputs(), concurrency=concurrency, budget=budget, checkpoint=self._checkpoint, timeout=timeout, **shared
        )
        passing = None if self.to is None else self.to.with_name(f".{self.to.name}.part")
        writer = new_table(self._source, passing, self._table, self._added)
        self.began = True
        try:
            with items, self._watched() as show:
                for item in items:
                    writer.write(self._noted(item))
                    self._show(show)
        finally:
            writer.close()
            if self.to is not None and passing is not None:
                passing.replace(self.to)
        if self._checkpoint is not None and not self.failed:
            self._checkpoint.unlink(missing_ok=True)  # all is done, so there is nothing to go on from

    def told(self) -> str:
        """What was done, in a sentence or two."""
        cost = f" for {self.credits:g} credits" if self.credits else ""
        where = "" if self.to is None else f" They are in {self.to}."
        failed = f", {self.failed:,} of which failed (see the column {self._added[1]})" if self.failed else ""
        again = self.failed or self.done < self._total
        more = " The same command runs what is left." if again and self.to is not None else ""
        return f"{self.done:,} of {self._total:,} rows{cost}{failed}.{where}{more}"

    def _inputs(self) -> Iterator[dict[str, Any]]:
        """The rows as inputs; each row stays here until its item comes, in the same order."""
        for row in self._table.rows():
            self._pulled.append(row)
            yield self._columns.inputs(row)

    def _noted(self, item: MapItem) -> Row:
        row, result = self._pulled.popleft(), item.result
        self.done += 1
        self.failed += item.error is not None
        if result is not None and result.used_credits is not None:
            self.credits = (self.credits or 0.0) + result.used_credits
        outcome = (None if result is None else result.data, None if item.error is None else str(item.error))
        return {**row, **dict(zip(self._added, outcome, strict=True))}

    def _watched(self) -> AbstractContextManager[Show]:
        """A bar, unless the rows themselves are what the terminal shows."""
        if self.to is None and sys.stdout.isatty():
            return nullcontext(lambda done, words="": None)
        return watching(f"0 of {self._total:,} rows", step=10)

    def _show(self, show: Show) -> None:
        failed = f", {self.failed:,} failed" if self.failed else ""
        show(self.done / self._total if self._total else None, f"{self.done:,} of {self._total:,} rows{failed}")


def _free(name: str, taken: Sequence[str]) -> str:
    """A column's name that is not taken: `result`, else `result_2`."""
    names = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)
