"""The webhooks of the runs in PostgreSQL: whoever takes one first delivers it."""

from __future__ import annotations

import time

from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.values import plain
from aixplain.hub.store.webhooks import Delivery, DeliveryAttempt, Webhook

_SQL = load("postgres", "webhooks")


class PostgresWebhooks:
    """The webhooks in the database: a `WebhookStore`. What is due is so by the database's clock."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, now: float, until: float, farthest: float, most: int) -> list[Delivery]:
        """Take up to `most` endings that are due, and put them off to `until`."""
        return [Delivery(*row) for row in await self._pool.fetch(_SQL["take"], until - now, farthest - now, most)]

    async def next_due(self) -> float | None:
        """When the next ending is due."""
        seconds: float | None = (await self._pool.row(_SQL["next"]))[0]
        return None if seconds is None else time.time() + seconds

    async def note(self, run: str, attempt: DeliveryAttempt, again_at: float | None) -> None:
        """Note a time that an ending was told, and when it is told again, if it is."""
        told = attempt.number, attempt.at, attempt.seconds, attempt.status, plain(attempt.error)
        seconds = None if again_at is None else again_at - time.time()
        await self._pool.count(_SQL["note"], run, *told, seconds)

    async def find(self, run: str) -> Webhook | None:
        """The webhook of a run; None when it has none."""
        found = await self._pool.row(_SQL["webhook"], plain(run))
        if found is None:
            return None
        attempts = [DeliveryAttempt(*row) for row in await self._pool.fetch(_SQL["attempts"], plain(run))]
        return Webhook(found["webhook"], found["webhook_due_at"], attempts)

    async def secret(self, name: str, new: bytes) -> bytes:
        """The secret of this name; the new one when there was none yet."""
        await self._pool.count(_SQL["keep_secret"], name, new)
        value: bytes = (await self._pool.row(_SQL["secret"], name))[0]
        return value
