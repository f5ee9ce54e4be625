"""Ctrl-C during a blocking request.

While the HTTP library waits, in native code, Python can't run the handler of a signal: a Ctrl-C would stay
unnoticed until the answer or the deadline. So for the length of a request the signal also wakes a thread
(`signal.set_wakeup_fd`), which closes the connection; the library returns, and Python raises `KeyboardInterrupt`.
Only in the main thread, only for Python's own handler of Ctrl-C, and only when nobody else uses that wake-up, as
asyncio does. The thread starts with the first request and sleeps in a read; it ends with the last transport that is
closed. A forked child has nothing of it, and starts anew.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar, cast

T = TypeVar("T")


class _Watcher:
    """One thread that calls `abort` when a Ctrl-C arrives."""

    def __init__(self) -> None:
        self.abort: Callable[[], None] | None = None
        import socket  # slow to import, and needed once

        self._listening, self._waking = socket.socketpair()
        self._waking.setblocking(False)
        self._thread = threading.Thread(target=self._watch, name="aixplain-interrupt", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        with self._listening:
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

    def end(self) -> None:
        """End the thread, and wait for that, unless this is the thread itself."""
        self._waking.close()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def forget(self) -> None:
        """Let go of the sockets, in a process without the thread."""
        self._waking.close()
        self._listening.close()


# The process has one wake-up descriptor, and so one watcher. A signal's handler may make requests too: hence the RLock.
_lock = threading.RLock()
_watcher: _Watcher | None = None
_transports = 0
_main_thread = threading.main_thread().ident


def retain() -> None:
    """A transport is open."""
    global _transports
    with _lock:
        _transports += 1


def release() -> None:
    """A transport is closed. With the last one the thread ends, now or when the request of the main thread is over."""
    global _transports
    with _lock:
        _transports -= 1
        idle = _take_idle()
    if idle is not None:  # outside the lock, which the thread may be waiting for
        idle.end()


def _take_idle() -> _Watcher | None:
    """The watcher, when nobody needs it any more."""
    global _watcher
    if _transports or _watcher is None or _watcher.abort is not None:
        return None
    idle, _watcher = _watcher, None
    return idle


class interruptible:  # noqa: N801 - reads as the statement that it is
    """`with interruptible(close):` — a Ctrl-C in the block calls `close` from another thread."""

    __slots__ = ("_abort", "_watcher")

    def __init__(self, abort: Callable[[], None]) -> None:
        self._abort = abort
        self._watcher: _Watcher | None = None

    def __enter__(self) -> None:
        global _watcher
        if not in_main_thread():
            return
        with _lock:
            watcher = _watcher = _watcher or _Watcher()
            if watcher.attach():
                watcher.abort = self._abort
                self._watcher = watcher

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._watcher is None:
            return
        with _lock:
            self._watcher.detach()
            idle = None if _transports else _take_idle()
        if idle is not None:
            idle.end()


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


def _start_anew() -> None:
    """In a forked child: the thread is not there, and its sockets would wake the parent's."""
    global _lock, _watcher, _transports, _main_thread
    if _watcher is not None:
        if _watcher.abort is not None:
            _watcher.detach()
        _watcher.forget()
    _lock, _watcher, _transports = threading.RLock(), None, 0
    _main_thread = threading.main_thread().ident


@atexit.register
def _end_with_the_program() -> None:
    """For clients that nobody closed."""
    global _watcher
    with _lock:
        last, _watcher = _watcher, None
    if last is not None:
        last.end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
