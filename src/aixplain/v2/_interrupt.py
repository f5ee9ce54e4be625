"""Ctrl-C during a blocking request.

While the HTTP library waits, in native code, Python can't run the handler of a signal: a Ctrl-C would stay
unnoticed until the answer or the deadline. So for the length of a request the signal also wakes a thread
(`signal.set_wakeup_fd`), which closes the connection; the library returns, and Python raises `KeyboardInterrupt`.
Only in the main thread, only for Python's own handler of Ctrl-C, and only when nobody else uses that wake-up, as
asyncio does. The thread starts with the first request and sleeps in a read.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import TracebackType

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
        if threading.get_ident() == _main_thread:
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
