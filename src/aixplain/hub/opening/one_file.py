"""A hub of one process, over one SQLite file."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from aixplain.hub.catalog import Entry
from aixplain.hub.engine.attempts import Attempts
from aixplain.hub.engine.embedded import EmbeddedEngine
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.files import save
from aixplain.hub.files.folder import FolderFiles
from aixplain.hub.limits import MemoryLimiter
from aixplain.hub.metrics import Metrics
from aixplain.hub.offer import Offer
from aixplain.hub.opening import Opened
from aixplain.hub.runs import Runs
from aixplain.hub.settings import Settings
from aixplain.hub.store.sqlite.catalog import replace_models
from aixplain.hub.store.sqlite.declared import SqliteDeclared
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.keys import SqliteKeys
from aixplain.hub.store.sqlite.runs import SqliteRuns
from aixplain.hub.store.sqlite.usage import SqliteUsage
from aixplain.hub.store.sqlite.webhooks import SqliteWebhooks
from aixplain.hub.sweeper import keep_sweeping
from aixplain.hub.webhooks import Courier


class OneFile:
    """The opening of a folder; the file in it is open from the start. Raises `HubError` for one that can't be used."""

    def __init__(self, data: Path, entries: dict[str, Entry], settings: Settings, metrics: Metrics) -> None:
        self._store = SqliteStore(data / "hub.sqlite", lambda connection: replace_models(connection, entries.values()))
        self._files = FolderFiles(data / "files", settings.quota)
        self._entries = entries
        self._settings = settings
        self._metrics = metrics
        metrics.all += self._store.measures

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Opened]:
        """The parts over the file, which is closed after them."""
        rows = SqliteRuns(self._store, keeps_contents=self._settings.keeps_contents)
        runs = Runs(rows, self._settings.answers_kept, self._metrics)
        lanes = Lanes.of(self._entries)
        engine = EmbeddedEngine(rows, runs, Attempts(runs, self._files, self._entries, lanes), lanes)
        with contextlib.closing(self._store):
            courier = Courier(SqliteWebhooks(self._store), self._metrics.webhooks, private=self._settings.private_webhooks)
            runs.on_webhook = courier.wake
            usage = SqliteUsage(self._store)
            limiter = MemoryLimiter(usage.spent)
            runs.on_ended = limiter.add
            offer = Offer(self._entries, SqliteDeclared(self._store), self._store, lanes, partial(save, self._files))
            await offer.refresh()
            sweeping = partial(keep_sweeping, runs, self._files, self._settings.files_kept)
            chores = sweeping, courier.keep_delivering, offer.keep_refreshing
            kept = SqliteKeys(self._store), usage, limiter
            yield Opened(self._store, runs, courier, self._files, *kept, lanes, engine, chores)
