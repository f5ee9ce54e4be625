"""The calls of tools that go on, which a client may give up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, NamedTuple, TypeVar

from aixplain.hub.errors import Refusal

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

    async def do(self, place: Place | None, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives. Raises `Refusal` when it is given up."""
        task = asyncio.create_task(work)
        with self._noted(place, task):
            await asyncio.wait([task])
        if task.cancelled():
            raise Refusal(409, "The call was given up.")
        return await task

    def give_up(self, place: Place | None) -> None:
        """Stop a call, if it goes on."""
        if place in self._tasks:
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
