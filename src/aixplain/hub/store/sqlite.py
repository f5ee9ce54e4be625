"""One SQLite file: a thread that writes, in groups, and readers beside it.

Every change goes through one thread. It takes all that is waiting, makes it one transaction and tells each caller when
the transaction is on the disk (`synchronous=FULL`), so that a thousand changes at once cost a few flushes.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from aixplain.hub.errors import HubError
from aixplain.hub.threads import settle

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
Waiting = tuple[Change, asyncio.Future[Any]]

LARGEST_GROUP = 256
BUSY_SECONDS = 5.0


class SqliteStore:
    """The hub's database file, open: write through `write`, read through `reader`. Close it."""

    def __init__(self, path: Path, *first: Change) -> None:
        """Open the file, bring it up to date and make the `first` changes. Raises `HubError` for a file that can't be used."""
        self._path = path
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
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
        self._thread = threading.Thread(target=self._write_groups, args=[writer], name="aixplain-writer", daemon=True)
        self._thread.start()

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Make a change; when this returns it is on the disk. A change that raises is undone alone. Raises `HubError`."""
        if not self._thread.is_alive():
            raise HubError("The hub is closing, and writes nothing more.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put((change, future))
        return await future

    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; it sees what was committed."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        return connection

    def close(self) -> None:
        """Finish what is waiting, and close."""
        self._waiting.put(None)
        self._thread.join()
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

    def _write_groups(self, writer: sqlite3.Connection) -> None:
        more = True
        while more:
            group, more = self._next_group()
            _commit_group(writer, group)

    def _next_group(self) -> tuple[list[Waiting], bool]:
        """All that is waiting, and whether more may come."""
        group: list[Waiting] = []
        item = self._waiting.get()
        while item is not None:
            group.append(item)
            if len(group) == LARGEST_GROUP or self._waiting.empty():
                return group, True
            item = self._waiting.get()
        return group, False


def _commit_group(connection: sqlite3.Connection, group: list[Waiting]) -> None:
    try:
        with _transaction(connection):
            outcomes = [_apply(connection, change) for change, _ in group]
    except sqlite3.Error as error:  # a full disk, a lost file: none of the group is on the disk
        failure = HubError(f"The hub's database can't be written: {error}. Nothing of this request was kept.")
        failure.__cause__ = error
        outcomes = [(None, failure)] * len(group)
    for (_, future), outcome in zip(group, outcomes, strict=True):
        settle(future, *outcome)


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


def _apply(connection: sqlite3.Connection, change: Change) -> tuple[Any, Exception | None]:
    """One change in a transaction of many: undone alone when it raises."""
    connection.execute("SAVEPOINT change")
    try:
        outcome: tuple[Any, Exception | None] = change(connection), None
    except sqlite3.OperationalError:  # the disk, not the change
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller, and must not stop the writer
        connection.execute("ROLLBACK TO change")
        outcome = None, error
    connection.execute("RELEASE change")
    return outcome


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file forward, one numbered script after another, each in one transaction with its number."""
    steps = sorted(files("aixplain.hub.store").joinpath("migrations").iterdir(), key=lambda step: step.name)
    scripts = [step for step in steps if step.name.endswith(".sql")]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(scripts):
        raise HubError(
            f"The database {path} was written by a newer hub (version {version}; this one knows {len(scripts)}). "
            "Update aixplain-models, or use another folder with --data."
        )
    for number, script in enumerate(scripts[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script.read_text('utf-8')} PRAGMA user_version = {number}; COMMIT;")


def _unusable(path: Path, error: sqlite3.Error) -> HubError:
    return HubError(
        f"The database {path} can't be used: {error}. If the file is damaged, restore a backup or move it away; "
        "a hub makes a new one. Another folder can be named with --data."
    )
