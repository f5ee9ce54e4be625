"""The keys of runs that are being answered at once, held in the database so that no other hub answers them too."""

from __future__ import annotations

import asyncio
from typing import Any

from aixplain.hub.errors import HubError
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool
from aixplain.hub.store.runs import Earlier, Order
from aixplain.hub.troubles import tell_trouble

_SQL = load("postgres", "claims")
_KEYED = load("postgres", "runs")["keyed"]

#: Seconds that a key is held by a hub that died.
LEASE = 6.0
RENEW_SECONDS = 2.0


class Claims:
    """The keys that this process holds: a row each, that nobody is shown, until the run is noted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: set[str] = set()

    async def claim(self, order: Order) -> Earlier | None:
        """Hold the key of a run, or give the run that it stands for already."""
        place = order.caller, order.model, order.key
        while True:
            async with self._pool.transaction() as connection:
                await connection.execute(_SQL["drop_lapsed"], *place)
                told = order.id, order.model, order.caller, order.key, order.digest, order.accepted_at, LEASE
                is_held = await connection.execute(_SQL["claim"], *told) == "INSERT 0 1"
            if is_held:  # and committed: what is held by nobody who knows of it is not held on to
                self._held.add(order.id)
                return None
            found = await self._pool.row(_KEYED, *place)
            if found is not None:
                return Earlier(*found)

    async def replace(self, id: str, statement: str, *values: Any) -> bool:
        """Let the statement note how a run ended, in place of the key that is held for it. False when none is."""
        if id not in self._held:
            return False
        self._held.discard(id)  # when the rest fails, the key is held for its time and no longer
        async with self._pool.transaction() as connection:
            await connection.execute(_SQL["release"], id)
            await connection.execute(statement, *values)
        return True

    async def keep(self) -> None:
        """Hold what is held, and drop what is held by nobody any more, until this is canceled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if self._held:
                    await self._pool.count(_SQL["renew"], list(self._held), LEASE)
                await self._pool.count(_SQL["sweep"])
            except HubError as error:
                tell_trouble("the keys of runs that are being answered can't be held on to: %s", error)
