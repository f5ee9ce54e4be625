"""What keys may use, counted in PostgreSQL for all hubs together, by its clock."""

from __future__ import annotations

from typing import Any

from msgspec.structs import astuple

from aixplain.hub.limits import ALL, check
from aixplain.hub.store.keys import NO_LIMITS, Key, Limits
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.batches import Batches
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.usage import Spent

_SQL = load("postgres", "limits")


class PostgresLimiter:
    """A `Limiter` for hubs that share a database. What runs used is added by the statements that note how they ended."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._admissions = Batches(self._admit)

    async def admit(self, key: Key, model: str) -> None:
        """Count a request for a model, unless the key has used up what it may. Raises `Refusal`, and counts nothing then."""
        if not key.is_limited:
            return
        admitted, now, *spent = await self._admissions.add((key, model))
        if not admitted:
            check(key, model, Spent(ALL, *spent[:5]), Spent(model, *spent[5:]), now)

    async def so_far(self, key: Key) -> dict[str, Spent]:
        """What a key used of each model that is limited, and of `ALL` of them."""
        rows = await self._pool.fetch(_SQL["so_far"], key.id, [ALL, *key.model_limits])
        return {row[0]: Spent(*row) for row in rows}

    async def _admit(self, asked: list[tuple[Key, str]]) -> list[list[Any]]:
        rows = await self._pool.fetch(
            _SQL["admit"],
            [key.id for key, _ in asked],
            [model for _, model in asked],
            [_array(key.limits) for key, _ in asked],
            [_array(key.model_limits.get(model, NO_LIMITS)) for key, model in asked],
        )
        return [list(row)[1:] for row in sorted(rows, key=lambda row: int(row[0]))]


def _array(limits: Limits) -> str:
    """Limits as an array of the database.

    >>> _array(Limits(rpm=60, credits=0.5))
    '{60,NULL,NULL,NULL,0.5}'
    """
    return "{" + ",".join("NULL" if limit is None else str(limit) for limit in astuple(limits)) + "}"
