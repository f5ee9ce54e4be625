"""Connections to a PostgreSQL database, and what is said when there are none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from aixplain.hub.errors import HubError

#: What the driver raises: the server's errors, its own, and the network's. It also raises what it takes for a mistake of its
#: own, when the server ends a connection at the moment that it is used.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

#: What callers are told, who have no business with the database's address.
TOLD = "The hub's database can't be used at the moment. It is tried again; send the request again in a moment."
#: Everything of the hub is in a schema of its own, so that a database may be shared with other programs.
SCHEMA = "aixplain"
MOST_CONNECTIONS = 10
CONNECT_SECONDS = 5
#: Seconds that a statement may take. A connection whose other side is gone would be waited for much longer.
STATEMENT_SECONDS = 30.0
#: Every statement finds its rows by an index, in its order, whatever the statistics of a new table or of a queue that was
#: empty say, and is planned once.
SESSION = {
    "search_path": SCHEMA,
    "application_name": "aixplain-hub",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
}


def shown(url: str) -> str:
    """An address without its password.

    >>> shown("postgresql://hub:secret@db:5432/runs?sslmode=require")
    'postgresql://db:5432/runs'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def connect(url: str) -> Any:
    """A connection of one's own. Raises `HubError`."""
    try:
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("it has another scheme, or none")
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=SESSION)
    except ValueError as error:  # what it says may show a password, and so may the rest of the address
        raise HubError(
            "The address of the database can't be read; it looks like postgresql://user@host:5432/name, "
            "where letters such as / and @ in a password are percent-encoded."
        ) from error
    except DRIVER_ERRORS as error:
        said = str(error) or type(error).__name__
        raise HubError(
            f"The hub's database {shown(url)} can't be reached: {said}. Is PostgreSQL up, and the address right?", TOLD
        ) from error


def lost(url: str, error: BaseException) -> HubError:
    """What is said when a statement failed."""
    return HubError(
        f"The hub's database {shown(url)} can't be used: {str(error) or type(error).__name__}. "
        "It is tried again; send the request again in a moment.",
        TOLD,
    )


async def _keep_as_it_is(connection: Any) -> None:
    """A connection goes back to the pool with nothing open, so nothing is to be reset, which would cost as much as a query."""


class Pool:
    """Connections to the database, made as they are needed. Every method raises `HubError` when it can't be used."""

    def __init__(self, url: str) -> None:
        self.url = url
        #: The driver's own pool, once this is open.
        self.raw: Any = None

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Pool]:
        """Open it, and close it again. The database may be away meanwhile."""
        self.raw = asyncpg.create_pool(
            self.url,
            min_size=0,
            max_size=MOST_CONNECTIONS,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings=SESSION,
            reset=_keep_as_it_is,
        )
        async with self.told():
            await self.raw
        try:
            yield self
        finally:
            with contextlib.suppress(*DRIVER_ERRORS):
                async with asyncio.timeout(CONNECT_SECONDS):  # what is not over by then is broken off
                    await self.raw.close()

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query, which is a transaction of its own."""
        async with self.told():
            rows: list[Any] = await self.raw.fetch(query, *values)
            return rows

    async def row(self, query: str, *values: Any) -> Any:
        """The first row of a query; None when it has none."""
        rows = await self.fetch(query, *values)
        return rows[0] if rows else None

    async def count(self, query: str, *values: Any) -> int:
        """How many rows a query changed."""
        async with self.told():
            status: str = await self.raw.execute(query, *values)
            return int(status.rpartition(" ")[2])

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection of the driver, in a transaction that is kept when this ends well."""
        async with self.told(), self.raw.acquire() as connection, connection.transaction():
            yield connection

    @contextlib.asynccontextmanager
    async def told(self) -> AsyncIterator[None]:
        """What the driver raises in here becomes a `HubError`."""
        try:
            yield
        except DRIVER_ERRORS as error:
            raise lost(self.url, error) from error
