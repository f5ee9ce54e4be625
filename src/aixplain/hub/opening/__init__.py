"""What a hub stands on, put together: one file on this machine, or a database that many machines share."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aixplain.hub.catalog import Entry
from aixplain.hub.engine import Engine
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError
from aixplain.hub.files import Files
from aixplain.hub.limits import Limiter
from aixplain.hub.runs import Runs
from aixplain.hub.settings import Settings
from aixplain.hub.store.keys import KeyStore
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.usage import UsageStore
from aixplain.hub.webhooks import Courier


@dataclass(frozen=True, slots=True)
class Opened:
    """The parts of a hub that is open; the `chores` are what it does beside its requests and runs."""

    catalog: SqliteStore
    runs: Runs
    courier: Courier
    files: Files
    keys: KeyStore
    usage: UsageStore
    limiter: Limiter
    lanes: Lanes
    engine: Engine
    chores: tuple[Coroutine[Any, Any, None], ...]


class Opening(Protocol):
    """Where a hub keeps what it has, looked at and found good."""

    def opened(self) -> contextlib.AbstractAsyncContextManager[Opened]:
        """Open it, on the loop that the hub runs on, and close it again. Raises `HubError`."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub is to keep what it has: in a file in the folder `data` or, with its address, in a PostgreSQL `database`.

    `works` says whether this process executes runs in the background; without a database it always does.
    """

    data: Path
    database: str | None = None
    works: bool = True


def opening(place: Place, entries: dict[str, Entry], settings: Settings) -> Opening:
    """The opening of a place for a hub over these models. Raises `HubError` for one that can't be used."""
    if place.database is None:
        from aixplain.hub.opening.one_file import OneFile

        return OneFile(place.data, entries, settings)
    check_libraries()
    from aixplain.hub.opening.many_machines import ManyMachines

    return ManyMachines(place.database, place.data, entries, settings, works=place.works)


def check_libraries() -> None:
    """Raise `HubError` when what a hub on PostgreSQL needs is not installed."""
    if not all(map(importlib.util.find_spec, ("asyncpg", "pgqueuer"))):
        raise HubError("A hub on PostgreSQL needs two libraries more: pip install 'aixplain-models[hub,postgres]'")


@contextlib.asynccontextmanager
async def at_work(hub: Opened) -> AsyncIterator[None]:
    """Execute runs and do the chores, as long as this lasts."""
    await hub.engine.start()
    chores = [asyncio.create_task(chore) for chore in hub.chores]
    try:
        yield
    finally:
        for chore in chores:
            chore.cancel()
        await hub.engine.stop()
        await hub.runs.settled()
