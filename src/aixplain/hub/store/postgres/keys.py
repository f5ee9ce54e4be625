"""The keys in PostgreSQL."""

from __future__ import annotations

from typing import Any

import msgspec

from aixplain.hub.store.keys import Key, Standing, check_admin, check_name
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool

_SQL = load("postgres", "keys")


class PostgresKeys:
    """The keys in the database: a `KeyStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, key: Key, digest: bytes) -> None:
        """Keep a key. Raises `NameTaken`, also when two are added with one name concurrently."""
        async with self._pool.transaction() as connection:
            check_name(key, await _standing(connection, key.name))
            rights = _rights(key)
            await connection.execute(_SQL["add"], key.id, digest, key.name, key.hint, *rights, key.created_at, key.expires_at)

    async def find(self, digest: bytes) -> Key | None:
        """The key of this digest, also when it is not good any more."""
        row = await self._pool.row(_SQL["find"], digest)
        return None if row is None else _key(row)

    async def any(self) -> bool:
        """Whether there ever was a key."""
        return bool((await self._pool.row(_SQL["any"]))[0])

    async def all(self) -> list[Key]:
        """The keys that were not revoked, the oldest first."""
        return [_key(row) for row in await self._pool.fetch(_SQL["all"])]

    async def replace(self, key: Key, now: float, *, force: bool = False) -> bool:
        """Change what a key may do, its name and its end. False when there is none, or it was revoked.

        Raises `NameTaken`, and `LastAdminKey` without `force`.
        """
        async with self._pool.transaction() as connection:
            kept = await _standing(connection, key.name, key.id)
            if key.id not in {each.id for each in kept}:
                return False
            check_name(key, kept)
            if not force:
                check_admin(key.id, Standing(key.id, key.name, key.is_admin, key.expires_at), kept, now)
            await connection.execute(_SQL["replace"], key.id, key.name, *_rights(key), key.expires_at)
            return True

    async def revoke(self, id: str, now: float, *, force: bool = False) -> bool:
        """End a key for good. False when there is none, or it was revoked. Raises `LastAdminKey` without `force`."""
        async with self._pool.transaction() as connection:
            kept = await _standing(connection, None, id)
            if id not in {each.id for each in kept}:
                return False
            if not force:
                check_admin(id, None, kept, now)
            await connection.execute(_SQL["revoke"], id, now)
            return True

    async def note_used(self, moments: dict[str, float]) -> None:
        """Note when keys, by their ids, were used last."""
        await self._pool.count(_SQL["note_used"], [*moments], [*moments.values()])


async def _standing(connection: Any, name: str | None = None, id: str | None = None) -> list[Standing]:
    """The admin keys, and those with this name or id, which stay as they are until the transaction ends."""
    await connection.execute(_SQL["lock"])
    return [Standing(*row) for row in await connection.fetch(_SQL["standing"], name, id)]


def _rights(key: Key) -> tuple[Any, ...]:
    limits = (msgspec.json.encode(each).decode() for each in (key.limits, key.model_limits))
    return key.is_admin, key.models, *limits


def _key(row: Any) -> Key:
    told = dict(row)
    for name in ("limits", "model_limits"):
        told[name] = msgspec.json.decode(told[name])
    return msgspec.convert(told, Key)
