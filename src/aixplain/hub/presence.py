"""Whether callers are still there: what is worked out for one who leaves is canceled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Scope

T = TypeVar("T")

#: Where a request's scope has the presence of its caller.
PRESENCE = "presence"


class Presence:
    """The caller at the other end of a connection. Told by the connection that it is lost, which costs a request nothing."""

    __slots__ = ("_is_over", "_waiting")

    def __init__(self) -> None:
        self._is_over = False
        self._waiting: asyncio.Task[object] | None = None

    def end(self) -> None:
        """The caller is gone. Whoever was refused leaves as well, and to cancel again would break the clean-up off."""
        if self._is_over:
            return
        self._is_over = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def during(self, work: Awaitable[T]) -> T:
        """What the work gives. Raises `ClientDisconnect` when the caller leaves, once the work was canceled."""
        task = self._waiting = asyncio.current_task()
        if task is not None and self._is_over:
            task.cancel()
        try:
            return await work
        except asyncio.CancelledError:
            if self._is_over and task is not None and task.uncancel() == 0:
                raise ClientDisconnect from None
            raise
        finally:
            self._waiting = None


async def while_here(scope: Scope, work: Awaitable[T]) -> T:
    """What the work gives, for the caller of a request; it is canceled when that one leaves. Raises `ClientDisconnect`."""
    presence: Presence = scope[PRESENCE]
    return await presence.during(work)
