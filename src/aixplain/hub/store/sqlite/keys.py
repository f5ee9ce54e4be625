"""The keys in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from aixplain.hub.store.keys import Key, Standing, check_admin, check_name
from aixplain.hub.store.named import load
from aixplain.hub.store.sqlite.file import SqliteStore

_SQL = load("sqlite", "keys")
#: What a row holds as JSON.
_JSON = ("models", "limits", "model_limits")


class SqliteKeys:
    """The keys in the hub's database file: a `KeyStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def add(self, key: Key, digest: bytes) -> None:
        """Keep a key. Raises `NameTaken`, also when two are added with one name concurrently."""

        def add(connection: sqlite3.Connection) -> None:
            check_name(key, _standing(connection, key.name))
            connection.execute(_SQL["add"], {**_row(key), "digest": digest})

        await self._store.write(add)

    async def find(self, digest: bytes) -> Key | None:
        """The key of this digest, also when it is not good any more."""
        row = self._store.reader().execute(_SQL["find"], {"digest": digest}).fetchone()
        return None if row is None else _key(row)

    async def any(self) -> bool:
        """Whether there ever was a key."""
        return bool(self._store.reader().execute(_SQL["any"]).fetchone()[0])

    async def all(self) -> list[Key]:
        """The keys that were not revoked, the oldest first."""
        return [_key(row) for row in self._store.reader().execute(_SQL["all"])]

    async def replace(self, key: Key, now: float, *, force: bool = False) -> bool:
        """Change what a key may do, its name and its end. False when there is none, or it was revoked.

        Raises `NameTaken`, and `LastAdminKey` without `force`.
        """

        def replace(connection: sqlite3.Connection) -> bool:
            kept = _standing(connection, key.name, key.id)
            if key.id not in {each.id for each in kept}:
                return False
            check_name(key, kept)
            if not force:
                check_admin(key.id, Standing(key.id, key.name, key.is_admin, key.expires_at), kept, now)
            return connection.execute(_SQL["replace"], _row(key)).rowcount > 0

        return await self._store.write(replace)

    async def revoke(self, id: str, now: float, *, force: bool = False) -> bool:
        """End a key for good. False when there is none, or it was revoked. Raises `LastAdminKey` without `force`."""

        def revoke(connection: sqlite3.Connection) -> bool:
            if not force:
                check_admin(id, None, _standing(connection), now)
            return connection.execute(_SQL["revoke"], {"id": id, "now": now}).rowcount > 0

        return await self._store.write(revoke)

    async def note_used(self, moments: dict[str, float]) -> None:
        """Note when keys, by their ids, were used last."""
        rows = [{"id": id, "at": at} for id, at in moments.items()]
        await self._store.write(lambda connection: connection.executemany(_SQL["note_used"], rows).rowcount)


def _standing(connection: sqlite3.Connection, name: str | None = None, id: str | None = None) -> list[Standing]:
    """The admin keys, and those with this name or id. The writer's transaction keeps others from changing them meanwhile."""
    return [Standing(*row) for row in connection.execute(_SQL["standing"], {"name": name, "id": id})]


def _row(key: Key) -> dict[str, Any]:
    row = msgspec.structs.asdict(key)
    for name in _JSON:
        row[name] = None if row[name] is None else msgspec.json.encode(row[name]).decode()
    return row


def _key(row: Any) -> Key:
    told = dict(row)
    for name in _JSON:
        told[name] = None if told[name] is None else msgspec.json.decode(told[name])
    return msgspec.convert(told, Key, strict=False)  # booleans are 0 and 1 there
