"""The webhooks of the runs in SQLite."""

from __future__ import annotations

import sqlite3

from msgspec.structs import asdict

from aixplain.hub.store.named import load
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.webhooks import Delivery, DeliveryAttempt, Webhook

_SQL = load("sqlite", "webhooks")


class SqliteWebhooks:
    """The webhooks in the hub's database file: a `WebhookStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def take(self, now: float, until: float, farthest: float, most: int) -> list[Delivery]:
        """Take up to `most` endings that are due, and put them off to `until`."""
        row = {"now": now, "until": until, "farthest": farthest, "most": most}
        return await self._store.write(
            lambda connection: [Delivery(*found) for found in connection.execute(_SQL["take"], row).fetchall()]
        )

    async def next_due(self) -> float | None:
        """When the next ending is due."""
        due_at: float | None = self._store.reader().execute(_SQL["next"]).fetchone()[0]
        return due_at

    async def note(self, run: str, attempt: DeliveryAttempt, again_at: float | None) -> None:
        """Note a time that an ending was told, and when it is told again, if it is."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(_SQL["note"], {**asdict(attempt), "run": run})
            connection.execute(_SQL["again"], {"run": run, "again_at": again_at})

        await self._store.write(change)

    async def find(self, run: str) -> Webhook | None:
        """The webhook of a run; None when it has none."""
        reader = self._store.reader()
        found = reader.execute(_SQL["webhook"], {"run": run}).fetchone()
        if found is None or found["webhook"] is None:
            return None
        attempts = [DeliveryAttempt(*row) for row in reader.execute(_SQL["attempts"], {"run": run})]
        return Webhook(found["webhook"], found["webhook_due_at"], attempts)

    async def secret(self, name: str, new: bytes) -> bytes:
        """The secret of this name; the new one when there was none yet."""

        def change(connection: sqlite3.Connection) -> bytes:
            connection.execute(_SQL["keep_secret"], {"name": name, "value": new})
            value: bytes = connection.execute(_SQL["secret"], {"name": name}).fetchone()["value"]
            return value

        return await self._store.write(change)
