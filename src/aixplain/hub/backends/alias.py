"""A path that stands for several models: by their weights, and with the others to fall back on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import Any

import msgspec

from aixplain.hub.alarm import Alarm
from aixplain.hub.backends import ModelError, OnProgress, Output, Piece, Tried
from aixplain.hub.backends.openai.chunks import has_token
from aixplain.hub.backends.partial import charge_by
from aixplain.hub.backends.resting import Resting
from aixplain.hub.catalog import LONGEST, Entry
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.execution import (
    RAISED,
    credits_of,
    failure_of,
    fields_of,
    is_passing_status,
    limited,
    retry_after_of,
    too_long,
)

_END: Any = object()


class AliasBackend:
    """Has one of its targets answer. One that can't is passed over for the next, as long as nothing of its answer came.

    `timeout` are the seconds in which a target must have answered or, in a stream, begun to; None for the target's own.
    """

    def __init__(self, targets: list[tuple[Entry, float]], timeout: float | None, lanes: Lanes, resting: Resting) -> None:
        self._targets = targets
        self._timeout = timeout
        self._lanes = lanes
        self._resting = resting

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The answer of the first target that has one. Raises `ModelError`."""
        tries = _Tries(self._resting)
        for entry in self._order(inputs, streams=False):
            async with tries.one(entry):
                with await self._lanes.turn(entry.path):
                    async with self._limit(entry):
                        return tries.answered(entry, await entry.backend.run(inputs, on_progress))
        raise tries.failure

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The pieces of the first target that has any. Raises `ModelError`."""
        tries = _Tries(self._resting)
        for entry in self._order(inputs, streams=True):
            async with tries.one(entry), contextlib.AsyncExitStack() as held:
                held.enter_context(await self._lanes.turn(entry.path))
                pieces = await held.enter_async_context(contextlib.aclosing(entry.backend.stream(inputs)))
                async with self._limit(entry):
                    before, piece = await _first_token(pieces)
                tries.is_begun = True
                alarm = Alarm(asyncio.get_running_loop().time() + (entry.policy.timeout or LONGEST))
                held.callback(alarm.turn_off)
                texts: list[str] = []
                for each in before:
                    yield each
                while piece is not _END and not isinstance(piece, Output):
                    if isinstance(piece, str):
                        texts.append(piece)
                    yield piece
                    piece = await _next(pieces, alarm, entry)
                whole = piece if isinstance(piece, Output) else Output("".join(texts))
                yield tries.answered(entry, whole)
                return
        raise tries.failure

    def _order(self, inputs: dict[str, Any], *, streams: bool) -> list[Entry]:
        """The targets that can do this, as they are tried: by chance and weight, those that rest last."""
        able = [each for each in self._targets if inputs.keys() <= each[0].names and (each[0].streams or not streams)]
        if not able:
            raise ModelError("None of the models that this one stands for takes these inputs.", 400)
        chance = {entry.path: random.random() ** (1 / weight) if weight else 0.0 for entry, weight in able}  # noqa: S311 - shares work
        return sorted((entry for entry, _ in able), key=lambda each: (self._resting.is_resting(each.path), -chance[each.path]))

    def _limit(self, entry: Entry) -> contextlib.AbstractAsyncContextManager[None]:
        return limited(entry, asyncio.timeout(self._timeout or entry.policy.timeout))


async def _first_token(pieces: AsyncGenerator[Piece, None]) -> tuple[list[Piece], Any]:
    """What comes before the first token, such as a comment, a role or the results of a filter; and the piece that has it."""
    before: list[Piece] = []
    while (piece := await anext(pieces, _END)) is not _END:
        if isinstance(piece, Output) or (bool(piece) if isinstance(piece, str) else has_token(piece)):
            break
        before.append(piece)
    return before, piece


async def _next(pieces: AsyncGenerator[Piece, None], alarm: Alarm, entry: Entry) -> Any:
    """The next piece, while the target has time left."""
    try:
        return await alarm.wait(anext(pieces, _END))
    except TimeoutError as error:
        if alarm.rang:
            raise ModelError(too_long(entry), 504) from error
        raise


class _Tries:
    """The targets that one run tried."""

    def __init__(self, resting: Resting) -> None:
        self.is_begun = False
        """A part of the answer is with the caller, so no other target can give it."""
        self.failure = ModelError("No model was tried.", 503)
        self._tried: list[Tried] = []
        self._resting = resting

    @contextlib.asynccontextmanager
    async def one(self, entry: Entry) -> AsyncIterator[None]:
        """Try a target in here. Goes on after it when another one may do better; raises `ModelError` otherwise."""
        self._at, self._began = time.time(), time.perf_counter()
        charge_by(partial(credits_of, entry))
        try:
            yield
        except RAISED as error:
            message, status = failure_of(entry, error)
            self._note(entry, status, message)
            self.failure = ModelError(message, status, retry_after_of(error), self._tried, fields_of(error))
            self.failure.__cause__ = error
            if not is_passing_status(status) and not (isinstance(error, ModelError) and error.falls_back):
                raise self.failure from error
            if is_passing_status(status):
                self._resting.failed(entry.path, self.failure.retry_after)
            if self.is_begun:
                raise self.failure from error

    def answered(self, entry: Entry, output: Output) -> Output:
        """A target's answer, with what it cost there and what was tried."""
        self._note(entry, None, None)
        self._resting.went_well(entry.path)
        return msgspec.structs.replace(output, credits=credits_of(entry, output), tried=self._tried)

    def _note(self, entry: Entry, status: int | None, error: str | None) -> None:
        self._tried.append(Tried(entry.path, self._at, time.perf_counter() - self._began, status, error))
