"""A run's life: accepted, started, then finished or failed. Each change is one guarded row in the database."""

from __future__ import annotations

import sqlite3
import time
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from aixplain.hub.store import queries
from aixplain.hub.store.sqlite import SqliteStore

_SQL = queries.load("runs")


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is to be executed."""

    id: str
    model: str
    inputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands: `result` is the envelope that it ended with, None until then."""

    result: bytes | None
    progress: float | None


class Runs:
    """The runs of this hub."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._progress: dict[str, float] = {}

    async def accept(self, model: str, inputs: dict[str, Any]) -> str:
        """Note a run; when this returns it is on the disk, and will be executed whatever happens."""
        row = {"id": str(uuid.uuid4()), "model": model, "inputs": msgspec.json.encode(inputs), "now": time.time()}
        await self._store.write(lambda connection: connection.execute(_SQL["accept"], row))
        return str(row["id"])

    async def start(self, id: str) -> Run | None:
        """Take a run up; None when it is not waiting any more."""
        row = await self._store.write(
            lambda connection: connection.execute(_SQL["start"], {"id": id, "now": time.time()}).fetchone()
        )
        return None if row is None else Run(id, row["model"], msgspec.json.decode(row["inputs"]))

    async def end(self, id: str, envelope: bytes, *, ok: bool) -> None:
        """Note how a run ended; a run ends once."""
        row = {"id": id, "state": "finished" if ok else "failed", "result": envelope, "now": time.time()}
        await self._store.write(lambda connection: connection.execute(_SQL["finish"], row))
        self._progress.pop(id, None)

    def note_progress(self, id: str, done: float) -> None:
        """How far a started run is, from 0 to 1. Kept in memory: it dies with the work that it tells of."""
        self._progress[id] = done

    def find(self, id: str) -> Standing | None:
        """How a run stands; None when there is no such run."""
        row = self._store.reader().execute(_SQL["find"], {"id": id}).fetchone()
        return None if row is None else Standing(row["result"], self._progress.get(id))

    def waiting(self) -> list[str]:
        """The runs that wait, oldest first."""
        return [row["id"] for row in self._store.reader().execute(_SQL["waiting"])]


def reopen(connection: sqlite3.Connection) -> None:
    """What was running when the hub stopped or died waits again."""
    connection.execute(_SQL["reopen"])
