"""Threads for code that blocks: a model's, mostly.

They are daemons, so code that never returns can't keep the process from ending, as it would in the threads of
concurrent.futures. All hubs of a process share them; they start as needed, and end after a while with nothing to do.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import queue
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar, cast

from aixplain.hub.mailbox import mailbox_here

T = TypeVar("T")
#: What a call gave, or what it raised.
Outcome = tuple[Any, Exception | None]

#: More than the blocking functions of most hubs may use together: one that hangs, as often as it may run, leaves threads for
#: others.
MOST = 512
IDLE_SECONDS = 2.0


def apart(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, for code that blocks: a loop of its own runs it, whether or not one runs in this thread."""
    outcome: list[tuple[T | None, Exception | None]] = []
    thread = threading.Thread(target=lambda: outcome.append(_attempt(lambda: asyncio.run(work))), name="aixplain-apart")
    thread.start()
    thread.join()
    value, failure = outcome[0]
    if failure is not None:
        raise failure
    return cast(T, value)


class Calls:
    """Counts the calls in threads of one piece of work: who gives up waiting for one can tell, by this, when it is over."""

    def __init__(self) -> None:
        self._open = 0
        self._then: Callable[[], None] | None = None

    @classmethod
    def counted(cls) -> Calls:
        """Those that are made in this context from now on."""
        calls = cls()
        _calls.set(calls)
        return calls

    @classmethod
    def begin_one(cls) -> Calls:
        """Those that are counted in this context, one more of which is open; `ended` ends it."""
        calls = _calls.get() or cls()
        calls.begun()
        return calls

    def when_over(self, then: Callable[[], None]) -> None:
        """Call this once none is open, which may be now."""
        self._then = then
        self._look()

    def begun(self) -> None:
        """One more is open."""
        self._open += 1

    def ended(self) -> None:
        """One is over."""
        self._open -= 1
        self._look()

    def _look(self) -> None:
        if self._open == 0 and self._then is not None:
            then, self._then = self._then, None
            then()


_calls: contextvars.ContextVar[Calls | None] = contextvars.ContextVar("calls", default=None)


def in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """Make the call in a thread, in this context. Who stops waiting abandons it: one that has begun goes on to its end."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    context, calls, here = contextvars.copy_context(), Calls.begin_one(), mailbox_here()

    def work() -> None:
        outcome = (None, None) if future.cancelled() else _attempt(lambda: context.run(call))
        here.put(partial(_end, future, outcome, calls))

    _threads.submit(work)
    return future


def _end(future: asyncio.Future[Any], outcome: Outcome, calls: Calls) -> None:
    settle(future, *outcome)
    calls.ended()


def settle(future: asyncio.Future[Any], value: Any, failure: Exception | None) -> None:
    """Give a future its end. Nothing happens when nobody waits any more."""
    if future.done():
        return
    if failure is None:
        future.set_result(value)
    else:
        future.set_exception(failure)


def _attempt(call: Callable[[], Any]) -> Outcome:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller, and must not end the thread
        return None, as_failure(error)


def as_failure(error: BaseException) -> Exception:
    """What a model's code raised, as something that a future takes and that ends no loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    failure = RuntimeError(f"it raised {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure


class _Threads:
    """A queue of calls, and the threads that take from it."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()  # for the three counts
        self._waiting = self._idle = self._alive = 0

    def submit(self, call: Callable[[], None]) -> None:
        with self._lock:
            self._waiting += 1
            wanted = self._waiting > self._idle and self._alive < MOST
            self._alive += wanted
        self._calls.put(call)
        if wanted:
            threading.Thread(target=self._work, name="aixplain-model", daemon=True).start()

    def _work(self) -> None:
        while (call := self._next()) is not None:
            call()

    def _next(self) -> Callable[[], None] | None:
        """The next call; None when there was none for a while, and this thread may end."""
        while True:
            with self._lock:
                self._idle += 1
            try:
                call = self._calls.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                call = None
            with self._lock:
                self._idle -= 1
                if call is not None:
                    self._waiting -= 1
                    return call
                if self._waiting == 0:
                    self._alive -= 1
                    return None


_threads = _Threads()


def _forget_threads() -> None:
    global _threads  # a forked child has none of them, and perhaps their lock
    _threads = _Threads()


os.register_at_fork(after_in_child=_forget_threads)
