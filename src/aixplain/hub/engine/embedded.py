"""Runs in this process: a queue in memory over the rows in the database."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from aixplain.hub.catalog import Entry
from aixplain.hub.execution import execute
from aixplain.hub.runs import Runs

WORKERS = 4


class EmbeddedEngine:
    """A few workers on the loop; the models' own code runs in threads."""

    def __init__(self, runs: Runs, entries: dict[str, Entry]) -> None:
        self._runs = runs
        self._entries = entries
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what waits, and go on."""
        for run_id in await self._runs.reopen():
            self._queue.put_nowait(run_id)
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    def submit(self, run_id: str) -> None:
        """Execute this run, which was accepted just now."""
        self._queue.put_nowait(run_id)

    async def stop(self) -> None:
        """Stop taking runs up; what is not done waits in the database for the next start."""
        for worker in self._workers:
            worker.cancel()
        for worker in self._workers:
            with contextlib.suppress(asyncio.CancelledError):
                await worker

    async def _work(self) -> None:
        while True:
            await self._execute(await self._queue.get())

    async def _execute(self, run_id: str) -> None:
        run = await self._runs.start(run_id)
        if run is None:
            return
        outcome = await execute(self._entries.get(run.model), run.inputs, run.id, partial(self._runs.note_progress, run.id))
        await self._runs.end(run.id, outcome.envelope, ok=outcome.ok)
