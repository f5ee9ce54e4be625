"""Changes to the database in batches, so that a thousand changes at once cost a few flushes.

While two batches are on their way, the next one gathers. Each is one statement, and so one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from aixplain.hub.errors import HubError
from aixplain.hub.threads import settle

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

LARGEST_BATCH = 256
IN_FLIGHT = 2


class Batches(Generic[Item, Outcome]):
    """Changes of one kind: `flush` makes those of a batch and gives an outcome for each, or raises for all of them."""

    def __init__(self, flush: Callable[[list[Item]], Awaitable[list[Outcome]]]) -> None:
        self._flush = flush
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._flushing: set[asyncio.Task[None]] = set()
        self._planned = False

    async def add(self, item: Item) -> Outcome:
        """Make a change; when this returns it is on the disk. Raises `HubError`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((item, future))
        self._plan(loop)
        return await future

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """Flush soon: what else comes in this turn of the loop goes along."""
        if not self._planned and len(self._flushing) < IN_FLIGHT:
            self._planned = True
            loop.call_soon(self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._planned = False
        batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
        if not batch:
            return
        task = loop.create_task(self._make(batch))
        self._flushing.add(task)
        task.add_done_callback(self._end)
        if self._waiting:
            self._plan(loop)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._flushing.discard(task)
        if self._waiting:
            self._plan(task.get_loop())

    async def _make(self, batch: list[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._flush([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
            for _, future in batch:
                settle(future, None, error)
        except asyncio.CancelledError:  # the loop ends
            for _, future in batch:
                settle(future, None, HubError("The hub is closing, and writes nothing more."))
            raise
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                settle(future, outcome, None)
