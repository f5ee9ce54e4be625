"""What `aix map` does: columns become inputs, rows go through the model, and come out with its answers."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from aixplain.cli.failures import Failure, UsageProblem
from aixplain.cli.inputs import cell_input, main_input
from aixplain.cli.new_file import NewFile, check_target
from aixplain.cli.screen import Show, watching
from aixplain.cli.tables import Row, Table, check_alike, new_table, open_table
from aixplain.cli.waiting import telling_retries
from aixplain.v2.exceptions import CheckpointError
from aixplain.v2.model import MapItem, Model, ModelMap


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
        self._overwrite = overwrite
        self._is_written = to is None
        self.credits: float | None = None
        if to is not None and self._checkpoint is not None:
            check_alike(source, to)
            check_target(to)
            if to.exists() and to.samefile(source):
                raise UsageProblem(f"'{to}' is the file that is read. Name another file with --to.")
            if to.exists() and not overwrite and not self._checkpoint.exists():
                raise UsageProblem(f"'{to}' is there already. Name another file with --to, or replace it with --overwrite.")

    def run(self, shared: dict[str, Any], *, concurrency: int, budget: float | None, timeout: float) -> None:
        """Map all rows into a new file, which takes the place of the earlier one when all rows are in it.

        When it is stopped, what is done is in the file all the same, unless that held more before.
        """
        items = self._model.map(
            self._inputs(), concurrency=concurrency, budget=budget, checkpoint=self._checkpoint, timeout=timeout, **shared
        )
        new = None if self.to is None else NewFile(self.to)
        try:
            if self._overwrite and self._checkpoint is not None:
                _forget(self._checkpoint)
            self._write(items, None if new is None else new.path)
            if new is not None:
                new.commit()
                self._is_written = True
        except BaseException as error:
            if new is not None and self._is_worth_keeping(error):
                new.commit()
                self._is_written = True
            if isinstance(error, CheckpointError) and self.to is not None:
                raise Failure(f"{error} '{self.to}' is left as it was. To begin anew, add --overwrite.") from error
            raise
        finally:
            if new is not None:
                new.discard()
        if self._checkpoint is not None and not self.failed:
            self._checkpoint.unlink(missing_ok=True)  # all is done, so there is nothing to go on from

    def _write(self, items: ModelMap, path: Path | None) -> None:
        writer = new_table(self._source, path, self._table, self._added)
        self.began = True
        try:
            with items, self._watched() as show, telling_retries():
                for item in items:
                    writer.write(self._noted(item))
                    self._show(show)
        finally:
            writer.close()

    def _is_worth_keeping(self, error: BaseException) -> bool:
        """Return True for a part of the rows, whole ones, that is more than the file has."""
        if self.to is None or not self.done or isinstance(error, OSError | CheckpointError):
            return False
        if not self.to.exists():
            return True
        if self._overwrite:
            return False
        try:
            return open_table(self.to).count() < self.done
        except (UsageProblem, OSError):  # it can't be read, so nobody knows what is lost with it
            return False

    def told(self) -> str:
        """What was done, in a sentence or two."""
        cost = f" for {self.credits:g} credits" if self.credits else ""
        where = "" if self.to is None else f" They are in {self.to}." if self._is_written else f" {self.to} is as it was."
        failed = f", {self.failed:,} of which failed (see the column {self._added[1]})" if self.failed else ""
        again = self.failed or self.done < self._total
        anew = " without --overwrite" if self._overwrite else ""
        more = f" The same command{anew} runs what is left." if again and self.to is not None else ""
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


def _forget(checkpoint: Path) -> None:
    """Remove a checkpoint. Raises `Failure` if another map is writing to it."""
    if not checkpoint.exists():
        return
    if sys.platform != "win32":
        import fcntl

        with checkpoint.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Failure(
                    f"Another map is writing to {checkpoint}. Wait until that ends, or name another file with --to."
                ) from error
    checkpoint.unlink(missing_ok=True)


def _free(name: str, taken: Sequence[str]) -> str:
    """A column's name that is not taken: `result`, else `result_2`."""
    names = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)
