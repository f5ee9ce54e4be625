"""The calls of tools that go on, which a client may give up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, NamedTuple, TypeVar

from aixplain.hub.errors import Refusal
from aixplain.hub.key_watch import KeyEnded
from aixplain.hub.presence import Watch

T = TypeVar("T")


class Place(NamedTuple):
    """Whose call it is: of a key, in a session that a client told us, under the number that it gave the call."""

    caller: str
    session: str
    request_id: str | int


class Calls:
    """Does the calls, each in a task of its own: the package cancels again at each `await` of a model's clean-up.

    A client gives a call up by going away or, before the release 2026-07-28 of the protocol, with a notification, which comes
    as a request of its own. One that reaches another process of the hub is not heard.
    """

    def __init__(self) -> None:
        self._tasks: dict[Place, asyncio.Task[Any]] = {}

    async def do(self, place: Place | None, work: Coroutine[Any, Any, T], watch: Watch | None) -> T:
        """What the work gives. Raises `Refusal` when it is given up, `KeyEnded` when its key is not good any more."""
        task = asyncio.create_task(work)
        ended = asyncio.Event()

        def end() -> None:
            ended.set()
            task.cancel()

        leave = watch(end) if watch is not None else None
        with self._noted(place, task):
            try:
                await asyncio.wait([task])
            finally:
                if leave is not None:
                    leave()
        if task.cancelled():
            raise KeyEnded if ended.is_set() else Refusal(409, "The call was given up.")
        return await task

    def give_up(self, place: Place | None) -> None:
        """Stop a call, if it goes on."""
        if place is not None and place in self._tasks:
            self._tasks[place].cancel()

    @contextlib.contextmanager
    def _noted(self, place: Place | None, task: asyncio.Task[Any]) -> Iterator[None]:
        if place is not None:
            self._tasks[place] = task
        try:
            yield
        finally:
            task.cancel()
            if place is not None and self._tasks.get(place) is task:
                del self._tasks[place]
