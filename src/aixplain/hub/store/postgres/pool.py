"""Connections to a PostgreSQL database, and what is said when there are none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from aixplain.hub.errors import HubError

#: What the driver raises: the server's errors, its own, and the network's.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

#: Everything of the hub is in a schema of its own, so that a database may be shared with other programs.
SCHEMA = "aixplain"
MOST_CONNECTIONS = 10
CONNECT_SECONDS = 5.0
#: Seconds that a statement may take. A connection whose other side is gone would be waited for much longer.
STATEMENT_SECONDS = 30.0
SESSION = {"search_path": SCHEMA, "application_name": "aixplain-hub", "jit": "off"}


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
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=SESSION)
    except ValueError as error:  # what it says may show a password, and so may the rest of the address
        raise HubError(
            "The address of the database can't be read; it looks like postgresql://user@host:5432/name, "
            "where letters such as / and @ in a password are percent-encoded."
        ) from error
    except DRIVER_ERRORS as error:
        said = str(error) or type(error).__name__
        raise HubError(
            f"The hub's database {shown(url)} can't be reached: {said}. Is PostgreSQL up, and the address right?"
        ) from error


def lost(url: str, error: BaseException) -> HubError:
    """What is said when a statement failed."""
    return HubError(
        f"The hub's database {shown(url)} can't be used: {str(error) or type(error).__name__}. "
        "It is tried again; send the request again in a moment."
    )


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
        )
        async with self.told():
            await self.raw
        try:
            yield self
        finally:
            await self._close()

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

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.raw.close()
        except (*DRIVER_ERRORS, asyncio.CancelledError):
            self.raw.terminate()
