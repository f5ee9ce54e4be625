"""Runs in this process: a queue in memory over the rows in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from aixplain.hub.catalog import Entry
from aixplain.hub.errors import HubError
from aixplain.hub.execution import execute, logger
from aixplain.hub.runs import Runs

T = TypeVar("T")

WORKERS = 4
RETRY_SECONDS = 1.0
LAST_SECONDS = 1.0


class EmbeddedEngine:
    """A few workers on the loop; the models' own code runs in threads."""

    def __init__(self, runs: Runs, entries: dict[str, Entry]) -> None:
        self._runs = runs
        self._entries = entries
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Take up what waits, and go on."""
        for run_id in self._runs.waiting():
            self._queue.put_nowait(run_id)
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    def submit(self, run_id: str) -> None:
        """Execute this run, which was accepted just now."""
        self._queue.put_nowait(run_id)

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        self._stopping = True
        for _ in self._workers:
            self._queue.put_nowait(None)
        _, late = await asyncio.wait(self._workers, timeout=LAST_SECONDS)
        for worker in late:
            worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _work(self) -> None:
        while (run_id := await self._queue.get()) is not None and not self._stopping:
            await self._execute(run_id)

    async def _execute(self, run_id: str) -> None:
        run = await _persisted(lambda: self._runs.start(run_id))
        if run is None:
            return
        outcome = await execute(self._entries.get(run.model), run.inputs, run.id, partial(self._runs.note_progress, run.id))
        await _persisted(lambda: self._runs.end(run.id, outcome.envelope, ok=outcome.ok))


async def _persisted(write: Callable[[], Awaitable[T]]) -> T:
    """A change to a run, tried until the database takes it: a disk that is full for a while loses no run."""
    while True:
        try:
            return await write()
        except HubError as error:
            logger.error("a run can't be noted, and waits: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
