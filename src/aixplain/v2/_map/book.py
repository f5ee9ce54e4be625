"""How far a map is: what both colours share. It starts nothing, and waits for nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from aixplain.v2._map.budget import Budget, credits_of
from aixplain.v2._map.plan import MapItem
from aixplain.v2._progress import Bar
from aixplain.v2._records import ModelResult
from aixplain.v2.exceptions import CheckpointError

if TYPE_CHECKING:
    from aixplain.v2._map.checkpoint import Checkpoint, Failure, Success
    from aixplain.v2._map.plan import Plan

#: Inputs that are pulled before the first of them is given out, for each run at a time: so far may a slow run be overtaken.
WINDOW = 4
#: Lines of a checkpoint that are read before a loop may do something else.
SLICE = 2000


class Job(msgspec.Struct):
    """An input that is about to be run, with the digest of all that will be sent; "" where nobody asks for it."""

    index: int
    inputs: dict[str, Any]
    digest: str = ""


class Book:
    """Which inputs are pulled, run, over and given out, and whether more may be.

    An input goes from `take` to a run, from there to `settle`, which may be called from any thread, then to `admit`, and comes
    out of `due`. Whatever ends the map early is kept by `fail` until all that was started has come out.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._budget = Budget(plan.budget, on_credit=plan.concurrency)
        self._checkpoint = _checkpoint(plan)
        self._bar: Bar | None = None
        self._closing = ExitStack()
        self._lock = threading.Lock()
        self._failure: Exception | None = None
        self._open = True
        self._pulled = self._given = self._over = self._failed = 0
        self.running = 0
        self._done: dict[int, MapItem] = {}

    def open(self) -> Iterator[None]:
        """Read what is done already. Gives a pause now and then, for a loop that has other things to do."""
        if self._plan.show_progress:
            self._bar = self._closing.enter_context(Bar(self._plan.model.name or "map"))
        if self._checkpoint is not None:
            self._closing.callback(self._checkpoint.close)
            for number, credits in enumerate(self._checkpoint.open()):
                self._budget.count(credits)
                if number % SLICE == 0:
                    yield

    def close(self) -> None:
        """Let go of the checkpoint, and wipe the bar."""
        self._closing.close()

    @property
    def may_pull(self) -> bool:
        """Whether another input may be pulled: there is room for what becomes of it."""
        plan = self._plan
        return (
            self._open
            and self.running < plan.concurrency
            and self._pulled - self._given < WINDOW * plan.concurrency
            and (self.running == 0 or self._budget.admits(self.running))
        )

    @property
    def is_open(self) -> bool:
        """Whether there may be more inputs."""
        return self._open

    def end(self) -> None:
        """There are no more inputs."""
        self._open = False

    def fail(self, error: Exception) -> None:
        """No more inputs are taken, and this is why."""
        self._open = False
        self._failure = self._failure or error

    def take(self, value: Any) -> Job | None:
        """The run that an input needs; None for one that was done before. Raises what ends the map here."""
        job = Job(self._pulled, self._plan.by_name(value))
        if self._checkpoint is not None and (done := self._find(self._checkpoint, job)):
            self._pulled += 1
            self._enter(done)
            return None
        if not self._budget.admits(running=0):
            raise self._budget.error(job.index)
        self._pulled += 1
        self.running += 1
        return job

    def _find(self, checkpoint: Checkpoint, job: Job) -> MapItem | None:
        job.digest = self._plan.digest_of(job.inputs)
        body = checkpoint.find(job.index, job.digest)
        if body is None:
            return None
        return MapItem(job.index, job.inputs, ModelResult.from_body(body, self._plan.model._settings()))

    def settle(self, job: Job, item: MapItem) -> None:
        """Write down what became of an input."""
        credits = credits_of(item)
        entry = _entry(job, item, credits) if self._checkpoint is not None else None
        with self._lock:
            self._budget.count(credits)
            if self._checkpoint is not None and entry is not None:
                try:
                    self._checkpoint.add(entry)
                except CheckpointError as error:
                    self.fail(error)

    def admit(self, item: MapItem) -> None:
        """Take what became of an input, to be given out in its turn."""
        self.running -= 1
        self._enter(item)

    def _enter(self, item: MapItem) -> None:
        self._done[item.index] = item
        self._over += 1
        self._failed += item.error is not None
        if self._bar is not None:
            total = self._plan.total
            failed = f", {self._failed} failed" if self._failed else ""
            self._bar.update(self._over / total if total else None, f"{self._over}/{total or '?'}{failed}")

    def due(self) -> MapItem | None:
        """The item that is given out next; None while that is running, and when there is none."""
        index = self._given if self._plan.ordered else next(iter(self._done), None)
        item = self._done.pop(index, None) if index is not None else None
        self._given += item is not None
        return item

    def raise_for_end(self) -> None:
        """Raise what ended the map before its inputs did."""
        if self._failure is not None:
            raise self._failure


def _checkpoint(plan: Plan) -> Checkpoint | None:
    if plan.checkpoint is None:
        return None
    from aixplain.v2._map.checkpoint import Checkpoint  # few maps have one

    return Checkpoint(plan.checkpoint, plan.model.id or "")


def _entry(job: Job, item: MapItem, credits: Any) -> Success | Failure:
    from aixplain.v2._map.checkpoint import Failure, Success

    if item.result is not None:
        return Success(job.index, job.digest, credits, result=msgspec.Raw(msgspec.json.encode(item.result._raw_data)))
    told = f"{type(item.error).__name__}: {item.error}".encode("utf-8", "replace").decode()  # it may quote a broken input
    return Failure(job.index, job.digest, credits, error=told)
