"""When each model was first offered and last changed, the same for all who share a database."""

from __future__ import annotations

from collections.abc import Iterable

from aixplain.hub.catalog import Entry
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import DRIVER_ERRORS, connect, lost
from aixplain.hub.store.sqlite.catalog import Times, digest_of, moment_now

_SQL = load("postgres", "catalog")


async def times_of(url: str, entries: Iterable[Entry]) -> dict[str, Times]:
    """The times of these models, by their paths: now for what is new, or not what was known. Raises `HubError`."""
    digests = {entry.path: digest_of(entry) for entry in entries}
    connection = await connect(url)
    try:
        await connection.execute(_SQL["note_models"], list(digests), list(digests.values()), moment_now())
        rows = await connection.fetch(_SQL["times"], list(digests))
        return {path: (created_at, updated_at) for path, created_at, updated_at in rows}
    except DRIVER_ERRORS as error:
        raise lost(url, error) from error
    finally:
        await connection.close()
