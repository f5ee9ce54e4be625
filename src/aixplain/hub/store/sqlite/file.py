"""One SQLite file: a writer, and readers beside it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from aixplain.hub.errors import HubError
from aixplain.hub.store.named import scripts
from aixplain.hub.store.sqlite.writer import BUSY_SECONDS, Change, Writer

T = TypeVar("T")

#: What a reader keeps of the file, at most: enough for the index of a large catalog.
CACHE_KILOBYTES = 16_000


class SqliteStore:
    """The hub's database file, open: write through `write`, read through `reader`. Close it."""

    def __init__(self, path: Path, *first: Change) -> None:
        """Open the file, bring it up to date and make the `first` changes. Raises `HubError` for a file that can't be used."""
        self._path = path
        self._readers = threading.local()
        self._connections: list[sqlite3.Connection] = []
        try:
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

    async def write(self, change: Callable[[sqlite3.Connection], T], *, lazy: bool = False) -> T:
        """Make a change; when this returns it is on the disk. A change that raises is undone alone. Raises `HubError`.

        A `lazy` change is one that nobody waits for: it goes along with others, within about a millisecond.
        """
        return await self._writer.write(change, lazy=lazy)

    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; it sees what was committed."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self._connect()
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
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file forward, one numbered script after another, each in one transaction with its number."""
    steps = scripts("sqlite")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps):
        raise HubError(
            f"The database {path} was written by a newer hub (version {version}; this one knows {len(steps)}). "
            "Update aixplain-models, or use another folder with --data."
        )
    for number, script in enumerate(steps[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def _unusable(path: Path, error: sqlite3.Error) -> HubError:
    return HubError(
        f"The database {path} can't be used: {error}. If the file is damaged, restore a backup or move it away; "
        "a hub makes a new one. Another folder can be named with --data."
    )
