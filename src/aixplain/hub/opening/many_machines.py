"""A hub, or a worker, that shares a PostgreSQL database with others."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from aixplain.hub.catalog import Entry
from aixplain.hub.engine.attempts import Attempts
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.engine.neighbours import Neighbours
from aixplain.hub.engine.postgres import PostgresEngine
from aixplain.hub.files import save
from aixplain.hub.metrics import Metrics
from aixplain.hub.offer import Offer
from aixplain.hub.opening import Opened
from aixplain.hub.runs import Runs
from aixplain.hub.settings import Settings
from aixplain.hub.store.postgres.bell import Bell
from aixplain.hub.store.postgres.catalog import times_of
from aixplain.hub.store.postgres.declared import PostgresDeclared
from aixplain.hub.store.postgres.files import PostgresFiles
from aixplain.hub.store.postgres.keys import PostgresKeys
from aixplain.hub.store.postgres.limits import PostgresLimiter
from aixplain.hub.store.postgres.migrations import prepare
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.postgres.queue import Queue
from aixplain.hub.store.postgres.runs import PostgresRuns
from aixplain.hub.store.postgres.usage import PostgresUsage
from aixplain.hub.store.postgres.webhooks import PostgresWebhooks
from aixplain.hub.store.sqlite.catalog import Times, replace_models
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.sweeper import keep_sweeping
from aixplain.hub.threads import apart
from aixplain.hub.webhooks import Courier


class ManyMachines:
    """The opening of a database, which is up to date from the start. Raises `HubError` for one that can't be used.

    What is offered comes from the code of this process, so its search index is a file in the folder `data`.
    """

    def __init__(
        self, database: str, data: Path, entries: dict[str, Entry], settings: Settings, metrics: Metrics, *, works: bool
    ) -> None:
        times = apart(_looked_at(database, entries))
        self._catalog = SqliteStore(data / "catalog.sqlite", lambda file: replace_models(file, entries.values(), times))
        self._database = database
        self._copies = data / "files"
        self._entries = entries
        self._settings = settings
        self._metrics = metrics
        self._works = works

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Opened]:
        """The parts over the database."""
        worker = uuid.uuid4()
        with contextlib.closing(self._catalog):
            async with Pool(self._database).opened() as pool:
                bell = Bell(pool)
                rows = PostgresRuns(pool, bell, worker, keeps_contents=self._settings.keeps_contents)
                queue = Queue(pool, bell, worker)
                runs = Runs(rows, self._settings.answers_kept, self._metrics)
                files = PostgresFiles(pool, self._copies, self._settings.quota)
                lanes = Lanes.of(self._entries)
                attempts = Attempts(runs, files, self._entries, lanes)
                engine = PostgresEngine(queue, runs, attempts, lanes, self._entries, works=self._works)
                offer = Offer(self._entries, PostgresDeclared(pool), self._catalog, lanes, partial(save, files))
                await offer.refresh()
                courier = Courier(PostgresWebhooks(pool), self._metrics.webhooks, private=self._settings.private_webhooks)
                runs.on_webhook = courier.wake
                chores = (
                    partial(keep_sweeping, runs, files, self._settings.files_kept),
                    courier.keep_delivering,
                    offer.keep_refreshing,
                    bell.keep_listening,
                    rows.keep_claims,
                    Neighbours(rows, runs, engine, bell).keep_looking,
                )
                kept = PostgresKeys(pool), PostgresUsage(pool), PostgresLimiter(pool)
                yield Opened(self._catalog, runs, courier, files, *kept, lanes, engine, chores)
                await bell.finish()


async def _looked_at(database: str, entries: dict[str, Entry]) -> dict[str, Times]:
    """The times of the models in a database that is up to date then."""
    await prepare(database)
    return await times_of(database, entries.values())
