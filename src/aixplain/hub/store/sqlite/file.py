"""One SQLite file: a writer, and readers beside it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from aixplain.hub.errors import HubError
from aixplain.hub.metrics import Histogram
from aixplain.hub.private import make_private_file, tighten
from aixplain.hub.store.named import scripts
from aixplain.hub.store.sqlite.writer import BUSY_SECONDS, Change, Writer

T = TypeVar("T")

#: What a reader keeps of the file, at most: enough for the index of a large catalog.
CACHE_KILOBYTES = 16_000
#: Bytes without which a disk counts as full: what the write-ahead log grows to before it begins anew. A small change may find
#: room in it where a run doesn't.
LEAST_ROOM = 4 * 1024 * 1024


class SqliteStore:
    """The hub's database file, open: write through `write`, read through `reader`. Close it."""

    def __init__(self, path: Path, *first: Change) -> None:
        """Open the file, bring it up to date and make the `first` changes. Raises `HubError` for a file that can't be used."""
        self._path = path
        self._readers = threading.local()
        self._connections: list[sqlite3.Connection] = []
        try:
            _make_private(path)
            writer = self._connect()
            _migrate(writer, path)
            with _transaction(writer):
                for change in first:
                    change(writer)
        except sqlite3.Error as error:
            self._close_connections()
            raise _unusable(path, error) from error
        except HubError:
            self._close_connections()
            raise
        writer.execute("PRAGMA busy_timeout = 0")
        self._writer = Writer(writer)

    def write(self, change: Callable[[sqlite3.Connection], T], *, within: float = 0.0) -> asyncio.Future[T]:
        """Make a change; once this is done it is on the disk. A change that raises is undone alone. Raises `HubError`.

        A change that may wait goes along with others, `within` so many seconds.
        """
        return self._writer.write(change, within=within)

    async def read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """What `look` finds, beside the loop, in the file as it is at one moment, whatever is written meanwhile."""

        def look_at_one_moment() -> T:
            connection = self.reader()
            with _transaction(connection, "BEGIN"):
                return look(connection)

        return await asyncio.to_thread(look_at_one_moment)

    async def check(self) -> None:
        """Return when something was written, which changes nothing, and the disk has room for more. Raises `HubError`."""

        def rewrite_version(connection: sqlite3.Connection) -> None:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute(f"PRAGMA user_version = {version}")

        await self.write(rewrite_version)
        free = shutil.disk_usage(self._path.parent).free
        if free < LEAST_ROOM:
            raise HubError(f"The disk of the hub's database has {free:,} bytes left, too few to keep runs. Make room on it.")

    @property
    def measures(self) -> list[Histogram]:
        """What its writer counts."""
        return [self._writer.group_sizes, self._writer.flush_seconds]

    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; it sees what was committed."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self._connect()
            connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'models_text', 'row')")
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")
        return connection

    def close(self) -> None:
        """Finish what is waiting, and close."""
        self._writer.close()
        self._close_connections()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connections.append(connection)
        connection.row_factory = sqlite3.Row
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
        )
        return connection

    def _close_connections(self) -> None:
        for connection in self._connections:
            connection.close()


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file forward, one numbered script after another; who comes at the same time waits, and finds it done."""
    steps = scripts("sqlite")
    if _version(connection) == len(steps):
        return
    with _transaction(connection):
        _step(connection, path, steps)


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _step(connection: sqlite3.Connection, path: Path, steps: list[str]) -> None:
    version = _version(connection)
    if version > len(steps):
        raise HubError(
            f"The database {path} was written by a newer hub (version {version}; this one knows {len(steps)}). "
            "Update aixplain-models, or use another folder with --data."
        )
    for script in steps[version:]:
        for statement in _statements(script):  # `executescript` would end the transaction
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(steps)}")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _make_private(path: Path) -> None:
    """Make the database file, or tighten one that is there; SQLite gives the mode to those that it makes beside it."""
    try:
        make_private_file(path)
    except OSError as error:
        raise _unusable(path, sqlite3.OperationalError(error.strerror)) from error
    for suffix in ("-wal", "-shm", "-journal"):
        tighten(path.with_name(path.name + suffix))


def _unusable(path: Path, error: sqlite3.Error) -> HubError:
    return HubError(
        f"The database {path} can't be used: {error}. If the file is damaged, restore a backup or move it away; "
        "a hub makes a new one. Another folder can be named with --data.",
        "The hub's database can't be used at the moment; its log has the reason.",
    )
