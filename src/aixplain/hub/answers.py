"""Answers that are given at once, whole or in pieces, and noted when they are."""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import msgspec

from aixplain.hub.alarm import Alarm
from aixplain.hub.backends import ModelError, Output, Piece, completed
from aixplain.hub.backends.partial import Meter, estimated_usage, new_meter
from aixplain.hub.catalog import LONGEST, Entry
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import (
    RAISED,
    backoff,
    canceled,
    execute,
    expired,
    failed,
    failure_of,
    fields_of,
    finished,
    is_passing,
    limited,
    logger,
    retry_after_of,
    too_long,
    with_use,
)
from aixplain.hub.ids import new_id
from aixplain.hub.logs import trace_run
from aixplain.hub.metrics import Kind
from aixplain.hub.once import Once, check_same
from aixplain.hub.runs import Asked, Runs
from aixplain.hub.store.runs import Ending

ANOTHER_READER = "The answer for this idempotency key is being streamed to somebody else; it is read there."
#: How often it is looked whether the answer that another hub makes is there.
ELSEWHERE_SECONDS = 0.1
_END: Any = object()


class Answers:
    """Runs models while their callers wait."""

    def __init__(self, runs: Runs, lanes: Lanes, *, keeps_inputs: bool = False) -> None:
        self._runs = runs
        self._keeps_inputs = keeps_inputs
        self._lanes = lanes
        self.once = Once()
        self.open_streams = 0

    async def whole(self, entry: Entry, arguments: dict[str, Any], asked: Asked) -> Ending:
        """The answer in one piece; a request that comes again gets the one that it had."""
        return await self.once.join(entry.path, asked, lambda: self._make(entry, arguments, asked))

    async def stream(
        self, run_id: str, entry: Entry, arguments: dict[str, Any], asked: Asked
    ) -> AsyncGenerator[Piece, None] | Ending:
        """The answer in pieces and then as a whole, or whole at once when the same request had it before. Raises `Refusal`."""
        if self.once.going_on(entry.path, asked) is not None:
            raise Refusal(409, ANOTHER_READER)
        return await self._earlier(entry, asked) or self._pieces(run_id, entry, arguments, asked)

    async def _make(self, entry: Entry, arguments: dict[str, Any], asked: Asked) -> Ending:
        run_id, started_at = new_id(), time.time()
        earlier = await self._claim(run_id, entry, asked, started_at)
        if earlier is not None:
            return earlier
        trace_run(run_id)
        ending: Ending | None = None
        meter = new_meter()
        try:
            async with contextlib.nullcontext() if asked.seconds is None else asyncio.timeout(asked.seconds):
                ending = await self._attempts(entry, arguments, run_id, meter)
        except TimeoutError:
            ending = with_use(expired(run_id), entry, meter.output())
        finally:
            ending = ending or with_use(canceled(run_id), entry, meter.output())
            await self._note(run_id, entry, arguments, _kept(asked, ending), ending, started_at, "at_once")
        return ending

    async def _claim(self, run_id: str, entry: Entry, asked: Asked, started_at: float) -> Ending | None:
        """The answer that this request has elsewhere, or had; None when it is to be made here. Raises `Refusal`."""
        while asked.key is not None:
            earlier = await self._runs.claim(run_id, entry.path, asked, started_at)
            if earlier is None:
                break
            check_same(asked, earlier.digest)
            if earlier.result is not None:
                return Ending(earlier.state, earlier.result)
            if time.time() - started_at >= (asked.seconds or LONGEST):
                return expired(run_id)
            await asyncio.sleep(ELSEWHERE_SECONDS)
        return None

    async def _attempts(self, entry: Entry, arguments: dict[str, Any], run_id: str, meter: Meter) -> Ending:
        attempt = 1
        while True:
            with await self._lanes.turn(entry.path):
                meter.report(_begun)
                ending = await execute(entry, arguments, run_id, _ignore_progress)
                meter.clear()
            if attempt > entry.policy.retries or not is_passing(ending):
                return ending
            await asyncio.sleep(backoff(entry.policy, attempt))
            attempt += 1

    async def _pieces(self, run_id: str, entry: Entry, arguments: dict[str, Any], asked: Asked) -> AsyncGenerator[Piece, None]:
        """The pieces, and the whole. However it ends is noted; what its reader left may be asked for again with its key."""
        if self.once.going_on(entry.path, asked) is not None:
            raise ModelError(ANOTHER_READER, 409)
        started_at, started = time.time(), time.perf_counter()
        trace_run(run_id)
        if asked.key is not None and await self._runs.claim(run_id, entry.path, asked, started_at) is not None:
            raise ModelError(ANOTHER_READER, 409)
        told, whole, ending, meter, is_begun = io.StringIO(), None, canceled(run_id), new_meter(), False

        def so_far() -> Output:
            text = told.getvalue()
            return Output(text, usage=estimated_usage(arguments, text) if text else None)

        with self._open_stream(), self.once.noted(entry.path, asked):
            try:
                async with contextlib.aclosing(self._in_time(entry, arguments, asked.seconds, meter, so_far)) as pieces:
                    async for piece in pieces:
                        is_begun = True
                        if isinstance(piece, Output):
                            whole = piece
                            break
                        if isinstance(piece, str):
                            told.write(piece)
                        yield piece
                whole = completed(whole or Output(None), told.getvalue())
                ending = finished(run_id, entry, whole, time.perf_counter() - started)
            except RAISED as error:
                message, status = failure_of(entry, error)
                # What was refused at the beginning used nothing.
                ending = with_use(failed(run_id, message, status, error), entry, meter.output() if is_begun else None)
                raise ModelError(message, status, retry_after_of(error), fields=fields_of(error)) from error
            finally:
                if ending.state == "canceled":
                    ending = with_use(ending, entry, meter.output())
                await self._note(run_id, entry, arguments, _kept(asked, ending), ending, started_at, "stream")
        yield msgspec.structs.replace(whole, credits=ending.credits)

    @contextlib.contextmanager
    def _open_stream(self) -> Iterator[None]:
        self.open_streams += 1
        try:
            yield
        finally:
            self.open_streams -= 1

    async def _in_time(
        self, entry: Entry, arguments: dict[str, Any], seconds: float | None, meter: Meter, so_far: Callable[[], Output]
    ) -> AsyncGenerator[Piece, None]:
        """The pieces of a turn, as long as its time lasts."""
        clock = asyncio.get_running_loop().time
        by = clock() + min(seconds or LONGEST, LONGEST)
        async with contextlib.AsyncExitStack() as held:
            async with limited(entry, asyncio.timeout_at(by)):
                held.enter_context(await self._lanes.turn(entry.path))
            meter.report(so_far)
            pieces = await held.enter_async_context(contextlib.aclosing(entry.backend.stream(arguments)))
            alarm = Alarm(min(by, clock() + (entry.policy.timeout or LONGEST)))
            held.callback(alarm.turn_off)
            try:
                while (piece := await alarm.wait(anext(pieces, _END))) is not _END:
                    yield piece
            except TimeoutError as error:
                if alarm.rang:
                    raise ModelError(too_long(entry), 504) from error
                raise

    async def _earlier(self, entry: Entry, asked: Asked) -> Ending | None:
        """The answer that this request had before. Raises `Refusal` when another hub makes it, or its key is for another."""
        earlier = await self._runs.keyed(entry.path, asked)
        if earlier is None:
            return None
        check_same(asked, earlier.digest)
        if earlier.result is None:
            raise Refusal(409, ANOTHER_READER)
        return Ending(earlier.state, earlier.result)

    async def _note(
        self, run_id: str, entry: Entry, arguments: dict[str, Any], asked: Asked, ending: Ending, started_at: float, kind: Kind
    ) -> None:
        """Note what was answered. The answer is there, so it is given, also when the disk is full."""
        inputs = msgspec.json.encode(arguments) if self._keeps_inputs else None
        try:
            await self._runs.record(run_id, entry.path, asked, ending, started_at, kind, inputs)
        except HubError as error:
            logger.error("a run of %s was answered, but can't be noted: %s", entry.path, error)


def _kept(asked: Asked, ending: Ending) -> Asked:
    """What is noted of who asked: not the key of what was left in its middle or turned away, which may be asked for again."""
    return Asked(asked.caller) if ending.state == "canceled" or ending.status == 429 else asked


def _begun() -> Output:
    """What a run used whose model tells nothing until its end: a request."""
    return Output(None)


def _ignore_progress(done: float) -> None:
    """A run that is answered at once is polled by nobody."""
