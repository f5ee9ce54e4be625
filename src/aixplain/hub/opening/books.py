"""What is kept of keys and of what was used, for those who look at it or change it beside a hub that serves."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aixplain.hub.opening import Place, check_libraries
from aixplain.hub.store.keys import KeyStore
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.keys import SqliteKeys
from aixplain.hub.store.sqlite.usage import SqliteUsage
from aixplain.hub.store.usage import UsageStore


@dataclass(frozen=True, slots=True)
class Books:
    """The keys of a place, and its sums."""

    keys: KeyStore
    usage: UsageStore


@contextlib.asynccontextmanager
async def books(place: Place) -> AsyncIterator[Books]:
    """Open those of a place, which a hub may be at work in. Raises `HubError`."""
    if place.database is None:
        with contextlib.closing(SqliteStore(place.data / "hub.sqlite")) as store:
            yield Books(SqliteKeys(store), SqliteUsage(store))
        return
    check_libraries()
    from aixplain.hub.store.postgres.keys import PostgresKeys
    from aixplain.hub.store.postgres.migrations import prepare
    from aixplain.hub.store.postgres.pool import Pool
    from aixplain.hub.store.postgres.usage import PostgresUsage

    await prepare(place.database)
    async with Pool(place.database).opened() as pool:
        yield Books(PostgresKeys(pool), PostgresUsage(pool))
