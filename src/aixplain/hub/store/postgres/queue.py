"""The queue of the runs that wait: PgQueuer's tables, beside those of the hub."""

from __future__ import annotations

import time
from collections.abc import Container
from datetime import timedelta
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.driver import Driver
from pgqueuer.ports.repository import EntrypointExecutionParameter

from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.bell import Bell
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.runs import Taken

_SQL = load("postgres", "queue")

#: Every name is told, for it would else be read from the environment. `balanced` keeps the queue through a crash of the
#: server, and not PgQueuer's log: what happened to a run stands in its row.
SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel="aixplain_pgqueuer",
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.balanced,
)


def pgqueuer_over(driver: Driver) -> Queries:
    """PgQueuer's own queries."""
    return Queries(
        driver,
        QueryBuilderEnvironment(SETTINGS),
        QueryQueueBuilder(SETTINGS),
        QuerySchedulerBuilder(SETTINGS),
    )


class Queue:
    """The runs that wait, for whoever takes them up. Every method raises `HubError` when the database can't be used."""

    def __init__(self, pool: Pool, bell: Bell, worker: UUID) -> None:
        self._pool = pool
        self._bell = bell
        self._worker = worker
        self._queries = pgqueuer_over(AsyncpgPoolDriver(pool.raw))

    async def take(self, model: str, most: int, *, stale: float, busy: Container[str]) -> list[Taken]:
        """Take up to `most` runs of a model up: the most urgent that wait, and those that nobody has been at for `stale`
        seconds. What this process is `busy` with it doesn't take again.
        """
        async with self._pool.told():
            jobs = await self._queries.dequeue(
                most,
                {QueueEntrypoint(model): EntrypointExecutionParameter(concurrency_limit=0)},
                QueueManagerId(self._worker),
                None,
                timedelta(seconds=stale),
            )
        ids = [id for job in jobs if (id := (job.payload or b"").decode()) not in busy]
        if not ids:
            return []
        return [Taken(*row) for row in await self._pool.fetch(_SQL["start"], ids, time.time(), self._worker)]

    async def keep(self, ids: list[str], progress: dict[str, float]) -> set[str]:
        """Say that somebody is at these runs, and how far they are. Gives those that are this process's still."""
        if progress:
            await self._pool.count(_SQL["tell_progress"], list(progress), list(progress.values()), self._worker)
        return {row[0] for row in await self._pool.fetch(_SQL["keep"], ids, self._worker)} if ids else set()

    async def hand_back(self, ids: list[str]) -> None:
        """Let what this process took up wait again: the runs that it was at, and what it had not begun."""
        for (model,) in await self._pool.fetch(_SQL["hand_back"], ids, self._worker):
            self._bell.queued(model)

    async def look(self) -> dict[str, int]:
        """How many runs of each model wait. Models whose runs are all taken up are there too, with 0."""
        async with self._pool.told():
            sizes = await self._queries.queue_size()
        found: dict[str, int] = {}
        for size in sizes:
            found[size.entrypoint] = found.get(size.entrypoint, 0) + (size.count if size.status == "queued" else 0)
        return found

    async def forget(self) -> None:
        """Empty PgQueuer's own log: what happened to a run stands in its row."""
        async with self._pool.told():
            await self._queries.clear_queue_log()
