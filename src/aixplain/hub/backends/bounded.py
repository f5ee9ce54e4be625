"""Run a function that uses the processor: short inputs in a thread of the hub, all others in a worker process.

A thread answers in a fraction of a millisecond, but can't be stopped, and holds the interpreter lock as long as its library
does. A process takes 130 ms to start, can be killed, and stalls nobody. It is killed when its caller leaves or its time is up,
and ends by itself after some seconds without work, so an idle hub has none.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from aixplain.hub.backends import ModelError, OnProgress, Output, Piece
from aixplain.hub.backends.functions import FunctionBackend
from aixplain.hub.per_loop import PerLoop
from aixplain.hub.processes.backend import ProcessBackend

#: Long inputs that are worked on at once, of all bounded models of a hub together.
PROCESSES = max(2, os.cpu_count() or 1)
#: Short ones. They share one interpreter lock, so more would only delay the hub's own work.
THREADS = 4
#: Pieces of a stream that are kept until its reader takes them.
AHEAD = 256
_END: Any = object()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one model may use. `is_short` tells which inputs take it milliseconds, also in the worst case.

    `seconds` and `memory`, in bytes, are those of one run in a process.
    """

    is_short: Callable[[dict[str, Any]], bool]
    seconds: float = 30.0
    memory: int = 2_000_000_000
    idle_seconds: float = 10.0


class _Slots:
    """The runs of one loop that may go on at once."""

    def __init__(self, _: asyncio.AbstractEventLoop) -> None:
        self.threads = asyncio.Semaphore(THREADS)
        self.processes = asyncio.Semaphore(PROCESSES)


_slots = PerLoop(_Slots)


class BoundedBackend:
    """Runs a function within bounds. It stands at the top level of a module, where another process finds it."""

    def __init__(self, function: FunctionBackend, bounds: Bounds) -> None:
        self._short = function
        self._bounds = bounds
        self.code = function.code
        self.arguments = function.arguments
        self.streams = function.streams

    @functools.cached_property
    def _long(self) -> ProcessBackend:
        """Made for the first long input, which few hubs get."""
        bounds = self._bounds
        return ProcessBackend(self.code, bounds.memory, seconds=bounds.seconds, idle_seconds=bounds.idle_seconds, is_alone=True)

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The function's answer; a generator's pieces are joined. Raises `ModelError` when it takes too long."""
        if self._bounds.is_short(inputs):
            async with _slots.here().threads:
                return await self._short.run(inputs, on_progress)
        async with _slots.here().processes, self._in_time():
            return await self._long.run(inputs, on_progress)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The pieces that a generator yields. A reader who is slow, or takes none any more, keeps no process from others for
        longer than a run may take.
        """
        if self._bounds.is_short(inputs):
            async with contextlib.aclosing(self._short.stream(inputs)) as source:
                async for piece in source:
                    yield piece
            return
        pieces: asyncio.Queue[Piece] = asyncio.Queue(AHEAD)
        making = asyncio.create_task(self._make(inputs, pieces))
        making.add_done_callback(lambda task: task.cancelled() or task.exception())  # a reader who left asks for neither
        try:
            while (piece := await _next(pieces, making)) is not _END:
                yield piece
            await making
        finally:
            making.cancel()
            await asyncio.wait([making])

    async def _make(self, inputs: dict[str, Any], pieces: asyncio.Queue[Piece]) -> None:
        async with (
            _slots.here().processes,
            self._in_time(),
            contextlib.aclosing(self._long.stream(inputs)) as source,
        ):
            async for piece in source:
                await pieces.put(piece)

    @contextlib.asynccontextmanager
    async def _in_time(self) -> AsyncGenerator[None, None]:
        """Raise `ModelError` for what is not over in time; it is canceled, which kills its process."""
        limit = asyncio.timeout(self._bounds.seconds)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ModelError(
                f"This input takes the model more than {self._bounds.seconds:g} seconds, so it was stopped. "
                "Send it in several parts.",
                504,
            ) from error


async def _next(pieces: asyncio.Queue[Piece], making: asyncio.Task[None]) -> Any:
    """The next piece, `_END` when there is none and none will be made."""
    if not pieces.empty():
        return pieces.get_nowait()
    getting = asyncio.ensure_future(pieces.get())
    try:
        await asyncio.wait([getting, making], return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        return _END if pieces.empty() else pieces.get_nowait()
    finally:
        getting.cancel()
