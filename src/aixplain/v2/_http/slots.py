"""A bound on the connections of one client, with a queue: whoever waited longest has the next free one.

A slot or a connection that is free goes straight to the first in the queue, so that nobody who comes later takes it away.
"""

from __future__ import annotations

import threading
from _thread import RLock
from collections import deque
from typing import TYPE_CHECKING

from aixplain.v2._http.routes import Route

if TYPE_CHECKING:
    from aixplain.v2._http.blocking import Connection


class Waiter:
    """A thread that waits for a connection on a route, or for a slot to make one."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.connection: Connection | None = None
        """What it was given; None for a slot."""
        self._is_served = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait to be served; False when it was not in this time."""
        return seconds > 0 and self._is_served.wait(min(seconds, threading.TIMEOUT_MAX))

    def serve(self, connection: Connection | None) -> None:
        """Give it a connection, or a slot."""
        self.connection = connection
        self._is_served.set()


class Slots:
    """How many connections may still be made. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._lock = RLock()  # the garbage collector may close a stream in the middle of anything
        self.waiters: deque[Waiter] = deque()

    def take_or_queue(self, route: Route) -> Waiter | None:
        """Take a slot; or a place in the queue, when there is none."""
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return None
        waiter = Waiter(route)  # not under the lock: what the garbage collector closes meanwhile gives its slot back
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return None
            self.waiters.append(waiter)
            return waiter

    def give_back(self) -> None:
        """A connection was closed, or not made."""
        with self._lock:
            if not self.waiters:
                self._free += 1
                return
            waiter = self.waiters.popleft()
        waiter.serve(None)

    def next_waiter(self) -> Waiter | None:
        """Take the first out of the queue, to be served."""
        with self._lock:
            return self.waiters.popleft() if self.waiters else None

    def leave(self, waiter: Waiter) -> bool:
        """Leave the queue; False when it is too late, because the waiter is being served."""
        with self._lock:
            if waiter not in self.waiters:
                return False
            self.waiters.remove(waiter)
            return True
