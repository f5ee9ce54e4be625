"""Ctrl-C during a blocking request.

While the HTTP library waits, in native code, Python can't run the handler of a signal: a Ctrl-C would stay
unnoticed until the answer or the deadline. So for the length of a request the signal also wakes a thread
(`signal.set_wakeup_fd`), which closes the connection; the library returns, and Python raises `KeyboardInterrupt`.
Only in the main thread, only for Python's own handler of Ctrl-C, and only when nobody else uses that wake-up, as
asyncio does. The thread starts with the first request and sleeps in a read.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar, cast

T = TypeVar("T")

_main_thread = threading.main_thread().ident


class _Watcher:
    """One thread that calls `abort` when a Ctrl-C arrives."""

    def __init__(self) -> None:
        self.abort: Callable[[], None] | None = None
        import socket  # slow to import, and needed once

        self._listening, waking = socket.socketpair()
        waking.setblocking(False)
        self._waking = waking
        threading.Thread(target=self._watch, name="aixplain-interrupt", daemon=True).start()

    def _watch(self) -> None:
        while woken := self._listening.recv(1):
            abort = self.abort
            ours = woken[0] == signal.SIGINT and signal.getsignal(signal.SIGINT) is signal.default_int_handler
            if ours and abort is not None:
                abort()

    def attach(self) -> bool:
        """Ask to be woken by signals; False, and nothing is changed, when someone else already is."""
        previous = signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        if previous != -1:
            signal.set_wakeup_fd(previous)
        return previous == -1

    def detach(self) -> None:
        self.abort = None
        signal.set_wakeup_fd(-1)


_watcher: _Watcher | None = None


class interruptible:  # noqa: N801 - reads as the statement that it is
    """`with interruptible(close):` — a Ctrl-C in the block calls `close` from another thread."""

    __slots__ = ("_abort", "_attached")

    def __init__(self, abort: Callable[[], None]) -> None:
        self._abort = abort
        self._attached = False

    def __enter__(self) -> None:
        if in_main_thread():
            watcher = _open_watcher()
            self._attached = watcher.attach()
            if self._attached:
                watcher.abort = self._abort

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._attached:
            _open_watcher().detach()


def _open_watcher() -> _Watcher:
    global _watcher  # the process has one wake-up descriptor, so there is one watcher
    if _watcher is None:
        _watcher = _Watcher()
    return _watcher


class Aside:
    """A thread that waits in native code, so that the main thread waits in Python, where a Ctrl-C is heard.

    For calls that nothing aborts from outside: when the wait is interrupted, the call goes on, and what it gives is dropped.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], Any]] = SimpleQueue()
        self._outcomes: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        threading.Thread(target=self._work, name="aixplain-aside", daemon=True).start()

    def wait_for(self, call: Callable[[], T]) -> T:
        """What the call gives, or raises."""
        self._calls.put(call)
        value, error = self._outcomes.get()
        if error is not None:
            raise error
        return cast(T, value)

    def end(self) -> None:
        """End the thread, after the call that goes on."""
        self._calls.put(sys.exit)

    def _work(self) -> None:
        error: BaseException | None = None
        while not isinstance(error, SystemExit):
            value = error = None
            try:
                value = self._calls.get()()
            except BaseException as raised:  # noqa: BLE001 - whatever it is belongs to whoever waits
                error = raised
            self._outcomes.put((value, error))


def in_main_thread() -> bool:
    """Whether this thread is the one that hears a Ctrl-C."""
    return threading.get_ident() == _main_thread
