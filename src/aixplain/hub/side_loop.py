"""A loop for the coroutines of models, in a thread beside the hub's: one that blocks stalls its like, and not the hub.

There is one for all hubs of a process. It starts with the first coroutine and lasts as long as the process, so that what
models keep from one run to the next, connections mostly, stays of use.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import uvloop

from aixplain.hub.backends import Piece, as_piece
from aixplain.hub.mailbox import Mailbox, mailbox_here
from aixplain.hub.threads import Calls, as_failure, settle

T = TypeVar("T")

#: Pieces of a stream that are made before their reader asks for them.
AHEAD = 8
LAST_SECONDS = 1.0
_END: Any = object()


class _SideLoop:
    """The loop, its thread, and its mailbox."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.mailbox = Mailbox(self.loop)
        self.going: set[_Crossing] = set()  # a loop keeps no task alive by itself
        self._thread = threading.Thread(target=self._run, name="aixplain-coroutines", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, None], context: contextvars.Context) -> None:
        """Over there: begin a piece of work."""
        self.loop.create_task(work, context=context)

    def close(self) -> None:
        """Cancel what goes on, and end; code that doesn't let go is left behind."""
        self.mailbox.put(self._cancel)
        self._thread.join(LAST_SECONDS)

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.close()

    def _cancel(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        ended = asyncio.gather(*tasks, return_exceptions=True)
        ended.add_done_callback(lambda _: self.loop.stop())


_lock = threading.Lock()
_side: _SideLoop | None = None


def _side_loop() -> _SideLoop:
    global _side
    if _side is None:
        with _lock:
            _side = _side or _SideLoop()
    return _side


async def on_side_loop(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on the side loop, in this context. Who stops waiting cancels it, and doesn't wait for its clean-up."""
    crossing = _Crossing(make)
    try:
        value: T = await crossing.future
        return value
    except asyncio.CancelledError:
        crossing.cancel()
        raise


async def pieces_from_side_loop(
    make: Callable[[], AsyncGenerator[Any, None]], read: Callable[[Any], Piece] = as_piece
) -> AsyncGenerator[Piece, None]:
    """The pieces of a generator that runs on the side loop, up to `AHEAD` of them before they are asked for.

    `read` makes a piece of what is yielded.
    """
    here, there = mailbox_here(), _side_loop().mailbox
    pieces: asyncio.Queue[Piece] = asyncio.Queue()
    room = asyncio.Semaphore(AHEAD)

    async def send() -> None:
        async with contextlib.aclosing(make()) as source:
            await room.acquire()
            async for piece in source:
                here.put(partial(pieces.put_nowait, read(piece)))
                await room.acquire()

    crossing = _Crossing(send)
    crossing.future.add_done_callback(lambda _: pieces.put_nowait(_END))
    try:
        while (piece := await pieces.get()) is not _END:
            yield piece
            there.put(room.release)
        await crossing.future
    finally:
        crossing.cancel()


class _Crossing:
    """One coroutine over there, and the future that waits for it here."""

    __slots__ = ("_calls", "_here", "_make", "_task", "_there", "future")

    def __init__(self, make: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._make = make
        self._task: asyncio.Task[None] | None = None
        self._calls = Calls.begin_one()
        self._here = mailbox_here()
        self._there = _side_loop()
        context = contextvars.copy_context()
        self._there.mailbox.put(lambda: self._there.start(self._attempt(), context))

    def cancel(self) -> None:
        """Here: nobody waits any more, so the work over there is of no use."""
        if not self.future.done() or self.future.cancelled():
            self.future.cancel()
            self._there.mailbox.put(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _attempt(self) -> None:
        """Over there: all of it. Its end travels back."""
        value, failure = None, None
        self._there.going.add(self)
        if not self.future.cancelled():
            self._task = asyncio.current_task()
            try:
                value = await self._make()
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller, and must not end this loop
                failure = as_failure(error)
        self._there.going.discard(self)
        self._here.put(partial(self._arrive, value, failure))

    def _arrive(self, value: Any, failure: Exception | None) -> None:
        settle(self.future, value, failure)
        self._calls.ended()


def _forget() -> None:
    global _side  # a forked child has no such thread
    _side = None


def _close() -> None:
    if _side is not None:
        _side.close()


os.register_at_fork(after_in_child=_forget)
atexit.register(_close)  # before any hub does, so this comes after them
