"""Calls for a loop from other threads: however many come at once, they wake it once."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from aixplain.hub.per_loop import PerLoop


class Mailbox:
    """What other threads want called on a loop, in the order in which they came."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wake = loop.call_soon_threadsafe
        self._calls: deque[Callable[[], None]] = deque()
        self._woken = False

    def put(self, call: Callable[[], None]) -> None:
        """Call this there, soon. From any thread; nothing happens when the loop is closed."""
        self._calls.append(call)
        if not self._woken:  # the call was put before this look, so one who is about to empty finds it
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._wake(self._empty)

    def _empty(self) -> None:
        self._woken = False
        try:
            while self._calls:
                self._calls.popleft()()
        finally:
            if self._calls:  # one raised, of which the loop tells; the others come in its next turn
                self._wake(self._empty)


_mailboxes = PerLoop(Mailbox)


def mailbox_here() -> Mailbox:
    """The mailbox of the loop that runs in this thread."""
    return _mailboxes.here()
