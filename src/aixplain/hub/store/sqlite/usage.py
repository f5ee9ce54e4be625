"""What was used, in SQLite."""

from __future__ import annotations

from msgspec.structs import asdict

from aixplain.hub.store.named import load
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.usage import PARTS, Spent, Usage, UsageWanted

_SQL = load("sqlite", "usage")


class SqliteUsage:
    """The sums in the hub's database file: a `UsageStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def sums(self, wanted: UsageWanted) -> list[Usage]:
        """The sums that are wanted, in the order of their parts."""
        row = {**asdict(wanted), **{f"by_{part}": part in wanted.by for part in PARTS}}
        return await self._store.read(lambda file: [Usage(*found) for found in file.execute(_SQL["sums"], row)])

    def spent(self, caller: str, minute: float, day: int, month: int) -> list[Spent]:
        """What a key used: in the minute that began at this time, on this day and in the month that began on that one."""
        row = {"caller": caller, "minute": minute, "day": day, "month": month}
        return [Spent(*found) for found in self._store.reader().execute(_SQL["spent"], row)]
