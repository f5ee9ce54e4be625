"""Timers for limits that are hardly ever reached: setting one and taking it back costs a tenth of what the loop's own ones do.

They share one timer of the loop, which is set for the first of them that was due when it was set, and looks then for those
that are.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from aixplain.hub.per_loop import PerLoop

#: Seconds between two looks at all timers, at least, and before those that are due ring: a timer may be late by twice as much.
PAUSE = 0.01


class Timer:
    """Calls somebody once its time has come, unless it is canceled before."""

    __slots__ = ("_among", "_call", "when")

    def __init__(self, among: set[Timer], when: float, call: Callable[[], None]) -> None:
        self._among = among
        self._call = call
        self.when = when
        among.add(self)

    def cancel(self) -> None:
        """Call nobody."""
        self._among.discard(self)

    def ring(self) -> None:
        """Call now, unless it was canceled."""
        if self in self._among:
            self._among.remove(self)
            self._call()


class Timers:
    """The timers of one loop, on its clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timers: set[Timer] = set()
        self._look_soon: asyncio.TimerHandle | None = None
        self._looks_at = math.inf

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call in so many seconds."""
        return self.call_at(self._loop.time() + seconds, call)

    def call_at(self, when: float, call: Callable[[], None]) -> Timer:
        """Call at a time."""
        if when < self._looks_at:
            self._look_at(when)
        return Timer(self._timers, when, call)

    def _look_at(self, when: float) -> None:
        if self._look_soon is not None:
            self._look_soon.cancel()
        self._looks_at, self._look_soon = when, self._loop.call_at(when, self._look)

    def _look(self) -> None:
        """Have those that are due ring in a moment: where the loop was held up, what came in time is read before."""
        now = self._loop.time()
        self._looks_at, self._look_soon = math.inf, None
        for timer in sorted((each for each in self._timers if each.when <= now), key=lambda due: due.when):
            self._loop.call_later(PAUSE, timer.ring)
        first = min((each.when for each in self._timers if each.when > now), default=math.inf)
        if first < math.inf:
            self._look_at(max(first, now + PAUSE))


_timers = PerLoop(Timers)


def timers_here() -> Timers:
    """The timers of the loop that runs in this thread."""
    return _timers.here()
