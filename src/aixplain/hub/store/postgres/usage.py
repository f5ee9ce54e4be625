"""What was used, in PostgreSQL."""

from __future__ import annotations

from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.usage import PARTS, Usage, UsageWanted

_SQL = load("postgres", "usage")


class PostgresUsage:
    """The sums in the database: a `UsageStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def sums(self, wanted: UsageWanted) -> list[Usage]:
        """The sums that are wanted, in the order of their parts."""
        parts = (part in wanted.by for part in PARTS)
        return [Usage(*row) for row in await self._pool.fetch(_SQL["sums"], wanted.since, wanted.until, wanted.caller, *parts)]
