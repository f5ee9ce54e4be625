"""Whether callers are still there: what is worked out for one who leaves is canceled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Scope

from aixplain.hub.key_watch import End, KeyEnded

T = TypeVar("T")

#: Where a request's scope has the presence of its caller, and the watch over its key.
PRESENCE, WATCH = "presence", "watch"
#: Calls this when the request's key is not good any more, until what it returns is called.
Watch = Callable[[End], Callable[[], None]]


class Presence:
    """The caller at the other end of a connection. Told by the connection that it is lost, which costs a request nothing."""

    __slots__ = ("_is_ended", "_is_over", "_waiting")

    def __init__(self) -> None:
        self._is_over = False
        self._is_ended = False
        self._waiting: asyncio.Task[object] | None = None

    def end(self) -> None:
        """The caller is gone. Whoever was refused leaves as well, and to cancel again would break the clean-up off."""
        if self._is_over:
            return
        self._is_over = True
        if self._waiting is not None and not self._is_ended:
            self._waiting.cancel()

    def end_request(self) -> None:
        """The key of the request that goes on is not good any more."""
        if self._waiting is not None and not self._is_over and not self._is_ended:
            self._is_ended = True
            self._waiting.cancel()

    async def during(self, work: Awaitable[T]) -> T:
        """What the work gives. Raises `ClientDisconnect` when the caller leaves, `KeyEnded` when its key is not good any more,
        once the work was canceled.
        """
        task = self._waiting = asyncio.current_task()
        if task is not None and self._is_over:
            task.cancel()
        try:
            return await work
        except asyncio.CancelledError:
            if (self._is_over or self._is_ended) and task is not None and task.uncancel() == 0:
                raise (KeyEnded if self._is_ended else ClientDisconnect) from None
            raise
        finally:
            self._waiting, self._is_ended = None, False


async def while_here(scope: Scope, work: Awaitable[T]) -> T:
    """What the work gives, for the caller of a request; it is canceled when that one leaves, or its key is not good any more.

    Raises `ClientDisconnect`, `KeyEnded`.
    """
    presence: Presence = scope[PRESENCE]
    watch: Watch | None = scope.get(WATCH)
    if watch is None:
        return await presence.during(work)
    leave = watch(presence.end_request)
    try:
        return await presence.during(work)
    finally:
        leave()
