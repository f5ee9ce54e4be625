"""The keys in SQLite."""

from __future__ import annotations

from typing import Any

import msgspec

from aixplain.hub.store.keys import Key
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
        """Keep a key."""
        await self._changed("add", {**_row(key), "digest": digest})

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

    async def replace(self, key: Key) -> bool:
        """Change what a key may do, its name and its end. False when there is none, or it was revoked."""
        return await self._changed("replace", _row(key))

    async def revoke(self, id: str, now: float) -> bool:
        """End a key for good. False when there is none, or it was revoked."""
        return await self._changed("revoke", {"id": id, "now": now})

    async def note_used(self, moments: dict[str, float]) -> None:
        """Note when keys, by their ids, were used last."""
        rows = [{"id": id, "at": at} for id, at in moments.items()]
        await self._store.write(lambda connection: connection.executemany(_SQL["note_used"], rows).rowcount)

    async def _changed(self, query: str, row: dict[str, Any]) -> bool:
        return await self._store.write(lambda connection: connection.execute(_SQL[query], row).rowcount > 0)


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
