"""One time limit over many short waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar, cast

from aixplain.hub.timers import timers_here

T = TypeVar("T")


class Alarm:
    """Ends whatever is waited for by it once its time, on the loop's clock, has come; None never comes.

    What goes on between is left alone, so a generator can limit its own waits and not those of whoever reads it, as
    `asyncio.timeout` would.
    """

    def __init__(self, by: float | None) -> None:
        self._task: asyncio.Task[object] | None = None
        self.rang = False
        """Its time has come."""
        self._timer = None if by is None else timers_here().call_at(by, self._ring)

    async def wait(self, work: Awaitable[T]) -> T:
        """What the work gives. Raises TimeoutError when the time is up."""
        task = self._task = cast("asyncio.Task[object]", asyncio.current_task())
        if self.rang:
            task.cancel()  # at the first thing that it waits for
        before = task.cancelling() - self.rang
        try:
            return await work
        except asyncio.CancelledError as error:
            if self.rang and task.uncancel() <= before:
                raise TimeoutError from error
            raise
        finally:
            self._task = None

    def turn_off(self) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        if self._task is not None:
            self._task.cancel()
