"""Runs in this process: a queue in memory over the rows in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from aixplain.hub.catalog import Entry
from aixplain.hub.errors import HubError
from aixplain.hub.execution import execute, logger
from aixplain.hub.runs import Runs
from aixplain.hub.store import Waiting

T = TypeVar("T")

WORKERS = 4
RETRY_SECONDS = 1.0
LAST_SECONDS = 1.0


class EmbeddedEngine:
    """A few workers on the loop; the models' own code runs in threads."""

    def __init__(self, runs: Runs, entries: dict[str, Entry]) -> None:
        self._runs = runs
        self._entries = entries
        self._queue: asyncio.Queue[Waiting | None] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._executing: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    async def start(self) -> None:
        """Take up what waits, and go on."""
        for run in await self._runs.waiting():
            self._queue.put_nowait(run)
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    def submit(self, run: Waiting) -> None:
        """Execute this run, which was accepted just now."""
        self._queue.put_nowait(run)

    async def cancel(self, run_id: str) -> None:
        """Stop the work on a run that was given up, if anyone is at it."""
        if run_id in self._executing:
            self._executing[run_id].cancel()

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        self._stopping = True
        for _ in self._workers:
            self._queue.put_nowait(None)
        _, late = await asyncio.wait(self._workers, timeout=LAST_SECONDS)
        tasks = [*late, *self._executing.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while (run := await self._queue.get()) is not None and not self._stopping:
            task = self._executing[run.id] = asyncio.create_task(self._execute(run.id))
            await asyncio.wait([task])  # a run that is canceled doesn't end its worker
            del self._executing[run.id]

    async def _execute(self, run_id: str) -> None:
        run = await _persisted(lambda: self._runs.start(run_id))
        if run is None:
            return
        inputs = msgspec.json.decode(run.inputs)
        ending = await execute(self._entries.get(run.model), inputs, run.id, partial(self._runs.note_progress, run.id))
        await _persisted(lambda: self._runs.end(run, ending))


async def _persisted(write: Callable[[], Awaitable[T]]) -> T:
    """A change to a run, tried until the database takes it: a disk that is full for a while loses no run."""
    while True:
        try:
            return await write()
        except HubError as error:
            logger.error("a run can't be noted, and waits: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
