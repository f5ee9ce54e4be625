"""Changes to an SQLite file in groups, each of them one transaction, so that a thousand changes at once cost a few flushes.

The statements of a group run on the loop: they take microseconds, less than handing them to a thread and back. What
waits for the disk does so in a thread, and meanwhile the next group gathers; so does a group that must wait for another
program that writes to the file. A change that nobody waits for begins no group of its own at once: it goes along with the
next one, or alone after a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from aixplain.hub.errors import HubError
from aixplain.hub.metrics import Histogram
from aixplain.hub.threads import settle

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Any]
Waiting = tuple[Change, asyncio.Future[Any]]
Outcome = tuple[Any, Exception | None]

LARGEST_GROUP = 256
GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, LARGEST_GROUP)
BUSY_SECONDS = 5.0
#: Seconds for which a change may wait for others to go along with it: what somebody waits for a little, and what nobody does.
SOON, LATE = 0.001, 0.005
#: Turns of the loop in which a group gathers. They take microseconds, a flush a hundred of them; with four, five callers at
#: once share their flushes and wait a quarter less.
TURNS = 4


class Writer:
    """The one who writes. Its connection is in autocommit mode and waits for no lock. One loop at a time uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[Waiting] = []
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._busy = False
        self._by = math.inf
        """When the next group begins, on the loop's clock; 0 for at once."""
        self._later: asyncio.TimerHandle | None = None
        self._planned = math.inf
        """What `_later` is set for."""
        self._closed = False
        self.group_sizes = Histogram(
            "aixplain_hub_writer_group_changes", "Changes that were written in one transaction.", bounds=GROUP_SIZES
        )
        self.flush_seconds = Histogram("aixplain_hub_writer_flush_seconds", "The seconds in which a transaction was flushed.")
        self._thread = threading.Thread(target=self._work, name="aixplain-writer", daemon=True)
        self._thread.start()

    def write(self, change: Callable[[sqlite3.Connection], T], *, within: float = 0.0) -> asyncio.Future[T]:
        """Make a change; once this is done it is on the disk. Raises what the change raises, or `HubError`.

        A change that raises is undone alone. It may be made twice, when one beside it raised; what counts is the last time.
        """
        if self._closed:
            raise HubError("The hub is closing, and writes nothing more.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((change, future))
        self._by = min(self._by, loop.time() + within) if within else 0.0
        if not self._busy:
            self._plan(loop)
        return future

    def close(self) -> None:
        """Finish what is waiting; take nothing more."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        while group := self._group():
            _tell(group, _write(self._connection, group))

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        """See that the next group begins: in a few turns of the loop, or when it may wait, in its time."""
        if self._by >= self._planned:
            return
        if self._later is not None:
            self._later.cancel()
        if self._by:
            self._planned, self._later = self._by, loop.call_at(self._by, self._next, loop)
        else:
            self._busy = True
            self._gather(loop, TURNS)

    def _gather(self, loop: asyncio.AbstractEventLoop, turns: int) -> None:
        """Let a few turns of the loop go by, in which what came in beside the first change has its say."""
        if turns:
            loop.call_soon(self._gather, loop, turns - 1)
        else:
            self._next(loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make the next group's changes, and have them flushed."""
        self._busy, self._later, self._planned = True, None, math.inf
        group = [] if self._closed else self._group()
        if not group:
            self._busy = False
            return
        try:
            begun = _begun(self._connection)
            outcomes = _applied(self._connection, group) if begun else None
        except sqlite3.Error as error:
            outcomes = _undone(self._connection, group, error)
        self._jobs.put(partial(self._finish, loop, group, outcomes))

    def _finish(self, loop: asyncio.AbstractEventLoop, group: list[Waiting], outcomes: list[Outcome] | None) -> None:
        """In the thread: flush a group whose changes were made, or make them once nobody else has the file."""
        began = time.perf_counter()
        outcomes = _write(self._connection, group) if outcomes is None else _flushed(self._connection, group, outcomes)
        seconds = time.perf_counter() - began
        try:
            loop.call_soon_threadsafe(self._settle, loop, group, outcomes, seconds)
        except RuntimeError:  # the loop is closed
            self._busy = False

    def _settle(self, loop: asyncio.AbstractEventLoop, group: list[Waiting], outcomes: list[Outcome], seconds: float) -> None:
        for (_, future), outcome in zip(group, outcomes, strict=True):
            settle(future, *outcome)
        self.group_sizes.observe((), len(group))
        self.flush_seconds.observe((), seconds)
        loop.call_soon(self._go_on, loop)  # after those who were waiting, who may have more to write

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = False
        if self._waiting:
            self._plan(loop)

    def _group(self) -> list[Waiting]:
        group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
        self._by = 0.0 if self._waiting else math.inf
        return group

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _write(connection: sqlite3.Connection, group: list[Waiting]) -> list[Outcome]:
    """Make a group's changes and flush them, waiting for whoever has the file."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    try:
        connection.execute("BEGIN IMMEDIATE")
        return _flushed(connection, group, _applied(connection, group))
    except sqlite3.Error as error:
        return _undone(connection, group, error)
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


def _begun(connection: sqlite3.Connection) -> bool:
    """Begin a transaction. False when another program has the file."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _applied(connection: sqlite3.Connection, group: list[Waiting]) -> list[Outcome]:
    """The changes, made; when one raises, each on its own. Raises `sqlite3.OperationalError` for what isn't their fault."""
    connection.execute("SAVEPOINT whole")
    try:
        return [(change(connection), None) for change, _ in group]
    except sqlite3.OperationalError:  # the disk, not a change
        raise
    except Exception:  # noqa: BLE001 - whose it is comes out when each is made on its own
        connection.execute("ROLLBACK TO whole")
        return [_applied_alone(connection, change) for change, _ in group]


def _applied_alone(connection: sqlite3.Connection, change: Change) -> Outcome:
    connection.execute("SAVEPOINT change")
    try:
        outcome: Outcome = change(connection), None
    except sqlite3.OperationalError:  # the disk, not the change
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller, and must not stop the writer
        connection.execute("ROLLBACK TO change")
        outcome = None, error
    connection.execute("RELEASE change")
    return outcome


def _flushed(connection: sqlite3.Connection, group: list[Waiting], outcomes: list[Outcome]) -> list[Outcome]:
    if not connection.in_transaction:
        return outcomes  # it failed, and was undone
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        return _undone(connection, group, error)
    return outcomes


def _undone(connection: sqlite3.Connection, group: list[Waiting], error: sqlite3.Error) -> list[Outcome]:
    """Nothing of the group is on the disk: it is full, or the file is lost."""
    with contextlib.suppress(sqlite3.Error):  # a full disk may have ended the transaction already
        connection.execute("ROLLBACK")
    failure = HubError(f"The hub's database can't be written: {error}. Nothing of this request was kept.")
    failure.__cause__ = error
    return [(None, failure)] * len(group)


def _tell(group: list[Waiting], outcomes: list[Outcome]) -> None:
    for (_, future), outcome in zip(group, outcomes, strict=True):
        with contextlib.suppress(RuntimeError):  # the loop is closed
            future.get_loop().call_soon_threadsafe(settle, future, *outcome)
