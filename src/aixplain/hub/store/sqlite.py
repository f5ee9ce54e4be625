"""One SQLite file: a thread that writes, in groups, and readers beside it.

Every change goes through one thread. It takes all that is waiting, makes it one transaction and tells each caller
when the transaction is on the disk (`synchronous=FULL`), so that a thousand changes at once cost a few flushes and not a thousand.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from aixplain.hub.errors import HubError

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]

LARGEST_GROUP = 256
BUSY_TIMEOUT = 5.0


class SqliteStore:
    """The hub's database file. Open it, write through `write`, read through `reader`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: queue.SimpleQueue[tuple[Change, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._writer: sqlite3.Connection | None = None
        self._thread: threading.Thread | None = None
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []

    def open(self) -> None:
        """Open the file, bring it up to date and start writing. Raises `HubError` for a file that can't be used."""
        try:
            self._writer = _connect(self.path)
            _migrate(self._writer, self.path)
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error
        self._thread = threading.Thread(target=self._write_groups, name="hub-writer", daemon=True)
        self._thread.start()

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Make a change; when this returns it is on the disk. A change that raises is undone alone."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put((change, future))
        return await future

    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; it sees what was committed."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = _connect(self.path)
            connection.execute("PRAGMA query_only = ON")
            self._opened.append(connection)
        return connection

    def close(self) -> None:
        """Finish what is waiting, and close."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
        for connection in [*self._opened, *([self._writer] if self._writer else [])]:
            connection.close()

    def _write_groups(self) -> None:
        assert self._writer is not None  # opened before the thread started
        while group := self._next_group():
            _commit_group(self._writer, group)

    def _next_group(self) -> list[tuple[Change, asyncio.Future[Any]]]:
        group: list[tuple[Change, asyncio.Future[Any]]] = []
        item = self._waiting.get()
        while item is not None:
            group.append(item)
            if len(group) == LARGEST_GROUP:
                return group
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return group
        self._waiting.put(None)  # closing: this group, then an empty one
        return group or []


def _commit_group(connection: sqlite3.Connection, group: list[tuple[Change, asyncio.Future[Any]]]) -> None:
    outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [(future, *_apply(connection, change)) for change, future in group]
        connection.execute("COMMIT")
    except sqlite3.Error as error:  # a full disk, a lost file: none of the group is on the disk
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        outcomes = [(future, None, error) for _, future in group]
    for future, value, failure in outcomes:
        with contextlib.suppress(RuntimeError):  # the loop that asked is gone
            future.get_loop().call_soon_threadsafe(_settle, future, value, failure)


def _apply(connection: sqlite3.Connection, change: Change) -> tuple[Any, BaseException | None]:
    """One change in a transaction of many: undone alone when it raises."""
    connection.execute("SAVEPOINT change")
    try:
        value = change(connection)
    except Exception as error:  # whatever it is belongs to the caller, and must not stop the writer
        connection.execute("ROLLBACK TO change")
        connection.execute("RELEASE change")
        return None, error
    connection.execute("RELEASE change")
    return value, None


def _settle(future: asyncio.Future[Any], value: Any, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(value)
    else:
        future.set_exception(failure)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
    )
    return connection


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
