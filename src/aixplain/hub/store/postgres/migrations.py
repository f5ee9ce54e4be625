"""Brings the database forward, whichever hub or worker comes first."""

from __future__ import annotations

from typing import Any

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

from aixplain.hub.errors import HubError
from aixplain.hub.store.named import scripts
from aixplain.hub.store.postgres.pool import DRIVER_ERRORS, SCHEMA, connect, shown
from aixplain.hub.store.postgres.queue import pgqueuer_over

#: The number of the lock that whoever migrates holds: any, as long as it stays.
LOCK = 0x6169_7870


async def prepare(url: str) -> None:
    """Bring the database at this address up to date, before anything is served. Raises `HubError`."""
    connection = await connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)  # its end ends the lock
        await _migrate(connection, url)
    except DRIVER_ERRORS as error:
        raise HubError(
            f"The database {shown(url)} can't be brought up to date: {error}. "
            "The user in its address needs the right to make a schema in it, or to use the one that is there."
        ) from error
    finally:
        await connection.close()


async def _migrate(connection: Any, url: str) -> None:
    """Make the schema and PgQueuer's tables in it, then run one numbered script after another."""
    steps = scripts("postgres")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    await connection.execute("CREATE TABLE IF NOT EXISTS version (number integer NOT NULL)")
    version: int = await connection.fetchval("SELECT max(number) FROM version") or 0
    if version > len(steps):
        raise HubError(
            f"The database {shown(url)} was written by a newer hub (version {version}; this one knows {len(steps)}). "
            "Update aixplain-models, or name another database with --database."
        )
    queries = pgqueuer_over(AsyncpgDriver(connection))
    await (queries.upgrade() if await queries.schema_is_installed() else queries.install())
    await queries.optimize_autovacuum()
    for number, script in enumerate(steps[version:], start=version + 1):
        async with connection.transaction():
            await connection.execute(script)
            await connection.execute("INSERT INTO version (number) VALUES ($1)", number)
