"""What each loop of this process has one of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Makes one for a loop when it is first asked for there, and forgets it some time after the loop was closed."""

    def __init__(self, make: Callable[[asyncio.AbstractEventLoop], T]) -> None:
        self._make = make
        self._made: dict[asyncio.AbstractEventLoop, T] = {}

    def here(self) -> T:
        """That of the loop that runs in this thread."""
        loop = asyncio.get_running_loop()
        made = self._made.get(loop)
        return self._new(loop) if made is None else made

    def _new(self, loop: asyncio.AbstractEventLoop) -> T:
        for closed in [each for each in list(self._made) if each.is_closed()]:
            self._made.pop(closed, None)
        made = self._made[loop] = self._make(loop)
        return made
