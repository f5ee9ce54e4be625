"""Upstreams, aliases and prices in PostgreSQL."""

from __future__ import annotations

from aixplain.hub.store.declared import Declared, Kind
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool

_SQL = load("postgres", "declared")


class PostgresDeclared:
    """What was declared, in the database: a `DeclaredStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> list[Declared]:
        """All of them, in a lasting order."""
        return [Declared(*row) for row in await self._pool.fetch(_SQL["all"])]

    async def put(self, declared: list[Declared]) -> None:
        """Keep these, in place of those of the same kind and name."""
        kinds, names, bodies = ([getattr(each, part) for each in declared] for part in ("kind", "name", "body"))
        await self._pool.count(_SQL["put"], kinds, names, bodies)

    async def remove(self, kind: Kind, name: str) -> bool:
        """Forget one. False when there is none."""
        return await self._pool.count(_SQL["remove"], kind, name) > 0
