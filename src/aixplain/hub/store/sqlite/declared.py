"""Upstreams, aliases and prices in SQLite."""

from __future__ import annotations

from msgspec.structs import asdict

from aixplain.hub.store.declared import Declared, Kind
from aixplain.hub.store.named import load
from aixplain.hub.store.sqlite.file import SqliteStore

_SQL = load("sqlite", "declared")


class SqliteDeclared:
    """What was declared, in the hub's database file: a `DeclaredStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def all(self) -> list[Declared]:
        """All of them, in a lasting order."""
        return [Declared(*row) for row in self._store.reader().execute(_SQL["all"])]

    async def put(self, declared: list[Declared]) -> None:
        """Keep these, in place of those of the same kind and name."""
        rows = [asdict(each) for each in declared]
        await self._store.write(lambda connection: connection.executemany(_SQL["put"], rows))

    async def remove(self, kind: Kind, name: str) -> bool:
        """Forget one. False when there is none."""
        row = {"kind": kind, "name": name}
        return await self._store.write(lambda connection: connection.execute(_SQL["remove"], row).rowcount > 0)
