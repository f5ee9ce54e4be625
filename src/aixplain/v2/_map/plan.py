"""Many inputs through one model: what a map gives out, and how it is asked for."""

from __future__ import annotations

import math
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator, Mapping, Sized
from types import TracebackType
from typing import Any, Self

import msgspec

from aixplain._wire.messages import CLIENT_CONTROLS
from aixplain._wire.plain_data import plain
from aixplain._wire.validation import problems, shown
from aixplain.v2 import _operations as operations
from aixplain.v2._flow import Operation
from aixplain.v2._model_base import ModelBase
from aixplain.v2._records import ModelResult
from aixplain.v2._send import begin
from aixplain.v2._settings import concealed
from aixplain.v2._watching.observe import observed
from aixplain.v2.exceptions import InputError

#: The most runs that there may be at a time: in the blocking colour each has a thread.
MOST = 1000
#: Seconds that requests on their way get when a map is left, so that a run which is just being accepted can be canceled.
GRACE = 0.25

#: What steers a single run. A map takes `timeout` and `api_key` for all of them, and none of these as an input.
STEERING = CLIENT_CONTROLS | {"on_progress", "cancel_on_interrupt"}


class MapItem(msgspec.Struct, frozen=True):
    """What became of one input: its place, counted from 0, the inputs by name, and `result` or, when it failed, `error`.

    >>> MapItem(0, {"text": "hi"}, error=InputError("too short"))
    MapItem(index=0, inputs={'text': 'hi'}, result=None, error=InputError('too short'))
    """

    index: int
    inputs: dict[str, Any]
    result: ModelResult | None = None
    error: Exception | None = None


class ModelMap(Iterator[MapItem]):
    """The items of a map, for one reader.

    Leaving a loop over it stops the map and cancels its runs, unless it has a name: then it can be read on, and stops when its
    `with` block is left, when it is closed, or when nothing names it any more.
    """

    def __init__(self, items: Generator[MapItem, None, None]) -> None:
        self._items = items  # knows nothing of this object, so that both go when the reader drops this one

    def __next__(self) -> MapItem:
        return next(self._items)

    def close(self) -> None:
        """Stop. Runs on their way are canceled, their threads end. Safe to call twice."""
        self._items.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncModelMap(AsyncIterator[MapItem]):
    """`ModelMap` for `async for` and `async with`. A loop that is left stops the map soon after, `async with` at once."""

    def __init__(self, items: AsyncGenerator[MapItem, None]) -> None:
        self._items = items

    async def __anext__(self) -> MapItem:
        return await anext(self._items)

    async def close(self) -> None:
        """Stop. Runs on their way are canceled, their tasks end. Safe to call twice."""
        await self._items.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Plan(msgspec.Struct):
    """What a map was asked for. Raises `InputError` for what can't be, before anything is pulled or sent."""

    model: ModelBase
    concurrency: int
    ordered: bool
    budget: float | None
    checkpoint: str | os.PathLike[str] | None
    show_progress: bool
    timeout: Any
    api_key: str | None
    shared: dict[str, Any]
    """The inputs of every run: the model's own values, and the call's over them."""
    total: int | None = None
    _main: str = "text"
    _sent: dict[str, Any] = {}

    def __post_init__(self) -> None:
        self.api_key = concealed(self.api_key)
        _check_concurrency(self.concurrency)
        _check_budget(self.budget)
        self.timeout = operations.deadline_of(self.timeout)
        _check_names(self.shared)
        _check_shared(self.model, self.shared)
        self.model._ensure_valid_state()
        self.shared = self._sent = {**self.model.inputs.copy(), **self.shared}
        self._main = _main_input(self.model)

    def by_name(self, value: Any) -> dict[str, Any]:
        """An item of the iterable as inputs by name."""
        return dict(value) if isinstance(value, Mapping) else {self._main: value}

    def digest_of(self, inputs: dict[str, Any]) -> str:
        """What tells a run with these inputs from any other."""
        from aixplain.v2._map.checkpoint import digest_of  # few maps have one

        return digest_of({**self.shared, **inputs})

    def send_files(self) -> Operation[None]:
        """Send the files that all runs share, once."""
        if not self.model.inputs._form.takes_files:
            return
        from aixplain.v2._files.local import local_files  # few models take files

        files = local_files(self.model.params, self.shared)
        deadline = yield from begin(self.timeout)
        run = operations.Run("", self.shared, self.timeout, api_key=self.api_key, files=files)
        self._sent = dict((yield from operations.with_files_sent(self.model._settings(), run, deadline)).inputs)

    def run(self, inputs: dict[str, Any]) -> Operation[ModelResult]:
        """One run to its end. Raises before the first step when the inputs are wrong."""
        _check_names(inputs)
        run = operations.Run("", {}, self.timeout, api_key=self.api_key, cancel_on_interrupt=True)
        run = self.model._prepare({**self._sent, **inputs}, run)
        settings = self.model._settings()
        return observed(operations.run(settings, run), settings, run)


def counted(values: object) -> int | None:
    """How many inputs there are; None when nobody can say. Raises `InputError` for a single input."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable | AsyncIterable):
        raise InputError(f"A map takes many inputs, and this is one: {shown(values)}. Give a list of them, or use model.run")
    try:
        return len(values) if isinstance(values, Sized) else None
    except TypeError as error:  # an array of numpy that has no dimension
        raise InputError(f"A map takes many inputs, and this has no length: {shown(values)} ({error})") from error


def _main_input(model: ModelBase) -> str:
    """The input that a bare value is: `text`, or else the first that a run must have."""
    if "text" in model.inputs:
        return "text"
    return next(iter(model.inputs.get_required_parameters()), "text")


def _check_concurrency(concurrency: int) -> None:
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or not 1 <= concurrency <= MOST:
        raise InputError(f"concurrency is how many runs there are at a time, from 1 to {MOST}, not {shown(concurrency)}")


def _check_budget(budget: float | None) -> None:
    if budget is None:
        return
    if not isinstance(budget, int | float) or isinstance(budget, bool) or not 0 <= budget < math.inf:
        raise InputError(f"budget is a number of credits, 0 or more, not {shown(budget)}; without one there is no limit")


def _check_names(inputs: Mapping[Any, Any]) -> None:
    if not STEERING.isdisjoint(inputs):
        names = ", ".join(sorted(STEERING & inputs.keys()))
        raise InputError(f"A map takes no {names}: that steers a single run. It takes timeout and api_key, for all of them")
    for name in inputs:
        if not isinstance(name, str):
            raise InputError(f"Inputs have names, and {shown(name)} is none")


def _check_shared(model: ModelBase, shared: dict[str, Any]) -> None:
    """Inputs that all runs share are refused at once: else every one of them would fail of it."""
    given = [each for each in model.inputs._form.chosen(shared) if shared.get(each.name) is not None]
    files: dict[str, Any] = {}
    if model.inputs._form.takes_files:
        from aixplain.v2._files.local import local_files, names_of  # few models take files

        files = {name: names_of(found) for name, found in local_files(given, shared).items()}
    values = {name: plain(value) for name, value in shared.items()} | files
    if found := problems(given, values):
        raise InputError("Parameter validation failed: " + "; ".join(found))
    operations.body_of({name: plain(value) for name, value in shared.items() if name not in files})
