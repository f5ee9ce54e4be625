"""The runs in SQLite: one named query for each of their changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable
from typing import Any

import msgspec
from msgspec.structs import asdict

from aixplain.hub.store.named import load
from aixplain.hub.store.runs import Earlier, Ending, GivenUp, Listed, Order, Standing, Taken, Waiting, Wanted
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.writer import LATE, SOON

_SQL = load("sqlite", "runs")


class SqliteRuns:
    """The rows of the runs in the hub's database file: an `OwnRunStore`."""

    is_shared = False

    def __init__(self, store: SqliteStore, *, keeps_contents: bool = False) -> None:
        self._store = store
        self._keeps_contents = keeps_contents

    async def accept(self, order: Order, *, started: bool = False) -> Earlier | None:
        """Keep a run that waits from now on, or that is `started` at once; or give the one that its key stands for."""
        row = asdict(order)
        row["state"], row["attempts"] = ("started", 1) if started else ("accepted", 0)
        row["started_at"] = order.accepted_at if started else None

        def change(connection: sqlite3.Connection) -> Earlier | None:
            return None if connection.execute(_SQL["accept"], row).rowcount else _keyed(connection, row)

        return await self._store.write(change)

    async def claim(self, order: Order) -> Earlier | None:
        """Give the answer that a key stands for. Nobody else makes answers over this file, so there is nothing to hold."""
        earlier = await self.keyed(order.caller, order.model, order.key or "")
        return earlier if earlier is not None and (earlier.result is not None or earlier.digest != order.digest) else None

    def record(self, order: Order, ending: Ending, started_at: float, now: float, expires_at: float) -> Awaitable[object]:
        """Keep a run that was answered at once, as it ended; its envelope only when it is wanted again."""
        row = {**asdict(order), **asdict(ending), "started_at": started_at, **_times(now, expires_at)}
        within = LATE if order.may_be_late else 0.0
        return self._store.write(lambda connection: self._ended(connection, "record", row), within=within)

    async def start(self, id: str, now: float) -> Taken | None:
        """Take a run up; None when it is not waiting any more."""

        def change(connection: sqlite3.Connection) -> Any:
            return connection.execute(_SQL["start"], {"id": id, "now": now}).fetchone()

        row = await self._store.write(change)
        return None if row is None else Taken(id, *row)

    async def end(self, run: Taken, ending: Ending, now: float, expires_at: float) -> bool:
        """Note how a run that was taken up ended. False when it is not this attempt's any more."""
        row = {**asdict(ending), "id": run.id, "attempt": run.attempt, **_times(now, expires_at)}
        return await self._store.write(lambda connection: self._ended(connection, "end", row), within=SOON)

    async def put_back(self, run: Taken, due_at: float) -> bool:
        """Let a run that was taken up wait again, until `due_at` at least. False when it is not this attempt's any more."""
        return await self._changed("put_back", {"id": run.id, "attempt": run.attempt, "due_at": due_at})

    async def give_up(self, id: str, ending: Ending, now: float, expires_at: float) -> GivenUp | None:
        """End a run from outside, whether it waits or was taken up. None when there is no such run, or it is over."""
        row = {**asdict(ending), "id": id, **_times(now, expires_at)}

        def change(connection: sqlite3.Connection) -> Any:
            given_up = connection.execute(_SQL["give_up"], row).fetchone()
            if given_up is not None:
                connection.execute(_SQL["sum_up"], row)
            return given_up

        given_up = await self._store.write(change)
        return None if given_up is None else GivenUp(*given_up)

    async def reopen(self) -> None:
        """Let what was taken up wait again."""
        await self._changed("reopen", {})

    async def find(self, id: str) -> Standing | None:
        """How a run stands; None when there is no such run."""
        row = self._store.reader().execute(_SQL["find"], {"id": id}).fetchone()
        return None if row is None else Standing(*row)

    async def keyed(self, caller: str, model: str, key: str) -> Earlier | None:
        """The run that an idempotency key stands for."""
        return _keyed(self._store.reader(), {"caller": caller, "model": model, "key": key})

    async def waiting(self) -> list[Waiting]:
        """The runs that wait, in their order: by priority, then the oldest first."""
        return [Waiting(*row) for row in self._store.reader().execute(_SQL["waiting"])]

    async def row(self, id: str) -> Listed | None:
        """A run, as it is listed; None when there is no such run."""
        row = self._store.reader().execute(_SQL["row"], {"id": id}).fetchone()
        return None if row is None else Listed(*row)

    async def inputs(self, id: str) -> bytes | None:
        """The inputs of a run, as JSON; None when they are not kept any more, or there is no such run."""
        row = self._store.reader().execute(_SQL["inputs"], {"id": id}).fetchone()
        return None if row is None else row[0]

    async def listed(self, wanted: Wanted) -> tuple[int, list[Listed]]:
        """How many runs are wanted, and a page of them."""
        row = {**asdict(wanted), "states": msgspec.json.encode(wanted.states).decode()}

        def look(file: sqlite3.Connection) -> tuple[int, list[Listed]]:
            total = file.execute(_SQL["count"], row).fetchone()[0]
            return total, [Listed(*found) for found in file.execute(_SQL["list"], row)]

        return await self._store.read(look)

    async def check(self) -> None:
        """Return when rows can be written, and raise `HubError` when they can't."""
        await self._store.check()

    async def forget(self, now: float, most: int) -> int:
        """Drop the answers, and free the keys, of up to `most` runs that expired; the rows stay."""
        return await self._store.write(
            lambda connection: connection.execute(_SQL["forget"], {"now": now, "most": most}).rowcount
        )

    def _ended(self, connection: sqlite3.Connection, query: str, row: dict[str, Any]) -> bool:
        """End a run, and sum it up if it did."""
        row["keeps_contents"] = self._keeps_contents
        ended = connection.execute(_SQL[query], row).rowcount > 0
        if ended:
            connection.execute(_SQL["sum_up"], row)
        return ended

    async def _changed(self, query: str, row: dict[str, Any]) -> bool:
        return await self._store.write(lambda connection: connection.execute(_SQL[query], row).rowcount > 0)


def _times(now: float, expires_at: float) -> dict[str, float]:
    return {"now": now, "expires_at": expires_at}


def _keyed(connection: sqlite3.Connection, row: dict[str, Any]) -> Earlier | None:
    found = connection.execute(_SQL["keyed"], row).fetchone()
    return None if found is None else Earlier(*found)
