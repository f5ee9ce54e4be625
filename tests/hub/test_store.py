"""The database file: what was written is there, what failed is not, and trouble with the disk is told and passes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.hub.engine import attempts
from aixplain.hub.errors import HubError
from aixplain.hub.store.sqlite import writer
from aixplain.hub.store.sqlite.file import SqliteStore

from .conftest import Caller, wait_for


def make_table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS samples (word TEXT UNIQUE)")


def add(word: str) -> Callable[[sqlite3.Connection], int]:
    def change(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO samples VALUES (?)", [word])
        return len(word)

    return change


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "hub.sqlite", make_table)
    yield opened
    opened.close()


def words(store: SqliteStore) -> list[str]:
    return [row["word"] for row in store.reader().execute("SELECT word FROM samples ORDER BY word")]


def test_what_is_read_together_is_of_one_moment_whatever_is_written_meanwhile(store: SqliteStore) -> None:
    async def read_while_written() -> tuple[int, int]:
        loop = asyncio.get_running_loop()

        def count_twice(file: sqlite3.Connection) -> tuple[int, int]:
            first = count(file)
            asyncio.run_coroutine_threadsafe(written(), loop).result(10)
            return first, count(file)

        async def written() -> None:
            await store.write(add("meanwhile"))

        return await store.read(count_twice)

    assert asyncio.run(read_while_written()) == (0, 0)
    assert words(store) == ["meanwhile"]


def count(file: sqlite3.Connection) -> int:
    number: int = file.execute("SELECT count(*) FROM samples").fetchone()[0]
    return number


def test_a_reading_that_fails_leaves_nothing_open(store: SqliteStore) -> None:
    def fail(file: sqlite3.Connection) -> None:
        raise KeyError("by design")

    async def read_twice() -> int:
        with pytest.raises(KeyError):
            await store.read(fail)
        return await store.read(count)

    assert asyncio.run(read_twice()) == 0


def together(store: SqliteStore, *changes: Callable[[sqlite3.Connection], Any]) -> list[Any]:
    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*map(store.write, changes), return_exceptions=True)

    return asyncio.run(all_at_once())


def test_a_change_gives_its_value_and_is_there_for_readers_at_once(store: SqliteStore) -> None:
    async def write_and_read() -> list[str]:
        assert await store.write(add("four")) == 4
        return words(store)

    assert asyncio.run(write_and_read()) == ["four"]


def test_many_changes_at_once_are_all_kept(store: SqliteStore) -> None:
    assert together(store, *(add(f"{number:04}") for number in range(1000))) == [4] * 1000
    assert words(store) == [f"{number:04}" for number in range(1000)]


def test_a_change_that_raises_is_undone_alone(store: SqliteStore) -> None:
    def add_and_raise(connection: sqlite3.Connection) -> None:
        add("half")(connection)
        raise KeyError("by design")

    outcomes = together(store, add("one"), add_and_raise, add("one"), add("two"))
    assert [type(outcome) for outcome in outcomes] == [int, KeyError, sqlite3.IntegrityError, int]
    assert words(store) == ["one", "two"]


def test_who_reads_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        add("word")(store.reader())


def test_closing_keeps_what_was_waiting_and_takes_nothing_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "hub.sqlite", make_table)

    async def write_and_close() -> None:
        waiting = [asyncio.ensure_future(store.write(add(f"{number:04}"))) for number in range(500)]
        await asyncio.sleep(0)
        store.close()
        assert await asyncio.gather(*waiting) == [4] * 500
        with pytest.raises(HubError, match="The hub is closing"):
            await store.write(add("late"))

    asyncio.run(write_and_close())
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM samples").fetchone() == (500,)
    connection.close()


def test_the_first_changes_are_made_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="can't be used: UNIQUE constraint failed"):
        SqliteStore(tmp_path / "hub.sqlite", make_table, add("one"), add("one"))
    store = SqliteStore(tmp_path / "hub.sqlite", make_table)
    assert words(store) == []
    store.close()


def test_a_full_disk_is_a_sentence_and_when_there_is_room_again_it_goes_on(store: SqliteStore) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    together(store, fill)
    outcomes = together(store, *(add(f"{number}" * 1000) for number in range(10)))
    assert all(isinstance(outcome, HubError) for outcome in outcomes)
    assert "can't be written: database or disk is full. Nothing of this request was kept." in str(outcomes[0])
    assert words(store) == []
    together(store, lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchone())
    assert together(store, add("room")) == [4]


class TestLocked:
    """A hub whose database another program holds for a while."""

    @pytest.fixture
    def running(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedHub]:
        monkeypatch.setattr(writer, "BUSY_SECONDS", 0.05)
        monkeypatch.setattr(attempts, "RETRY_SECONDS", 0.01)
        self.entered, self.go = threading.Event(), threading.Event()
        hub = Hub(builtin=False)

        @hub.model("acme/wait", asynchronous=True)
        def wait(text: str) -> str:
            self.entered.set()
            assert self.go.wait(20)
            return text.upper()

        started = start(tmp_path, hub)
        started.wait_until_ready()
        yield started
        self.go.set()
        started.close()

    def test_a_run_that_cannot_be_noted_is_refused_and_one_that_was_is_finished(
        self, running: EmbeddedHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caller = Caller(running.url)
        accepted = caller.run("acme/wait", {"text": "kept"}).json
        assert self.entered.wait(20)
        other = sqlite3.connect(tmp_path / "hub.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        self.go.set()
        refused = caller.run("acme/wait", {"text": "refused"})
        assert (refused.status, refused.json["statusCode"]) == (503, 503)
        assert "can't be written: database is locked" in refused.json["message"]
        assert caller.get(accepted["data"]).json["status"] == "IN_PROGRESS"
        assert wait_for(lambda: "a run can't be noted, and waits" in caplog.text)
        other.execute("ROLLBACK")
        other.close()
        assert caller.result(accepted["data"])["data"] == "KEPT"
