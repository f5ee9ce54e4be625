"""What every store of runs does: each change happens once, and only from the state that it is meant for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.store.runs import Earlier, Ending, Order, RunStore, Standing, Taken, Waiting
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.runs import SqliteRuns

Play = Callable[[Callable[[RunStore], Awaitable[None]]], None]

ENDINGS = [Ending("finished", b"{}"), Ending("failed", b"{}", "no", 500)]
FROM_OUTSIDE = [Ending("canceled", b"{}", "unwanted"), Ending("expired", b"{}", "late", 504)]


@pytest.fixture(params=["sqlite"])
def play(tmp_path: Path) -> Iterator[Play]:
    """Runs a test's coroutine over a fresh store, which is closed after it."""
    store = SqliteStore(tmp_path / "hub.sqlite")

    def with_store(scene: Callable[[RunStore], Awaitable[None]]) -> None:
        async def run() -> None:
            await scene(SqliteRuns(store))

        asyncio.run(run())

    yield with_store
    store.close()


def order(id: str = "run", **told: Any) -> Order:
    return Order(id, "acme/shout", b'{"text": "hi"}', accepted_at=1.0, **told)


async def started(runs: RunStore, id: str = "run") -> Taken:
    await runs.accept(order(id))
    taken = await runs.start(id, 2.0)
    assert taken is not None
    return taken


def test_a_run_is_accepted_started_and_ended(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        assert await runs.accept(order(priority=3, deadline=9.0)) is None
        assert await runs.find("run") == Standing("accepted", None)
        assert await runs.waiting() == [Waiting("run", "acme/shout", 3, deadline=9.0)]
        taken = await runs.start("run", 2.0)
        assert taken == Taken("run", 1, "acme/shout", b'{"text": "hi"}', 3, 9.0, started_at=2.0)
        assert await runs.find("run") == Standing("started", None)
        assert await runs.waiting() == []
        assert await runs.end(taken, Ending("finished", b"the answer"), 3.0, 9.0)
        assert await runs.find("run") == Standing("finished", b"the answer")

    play(scene)


def test_a_run_may_be_accepted_and_started_in_one(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        assert await runs.accept(order(key="k", digest=b"d"), started=True) is None
        assert await runs.find("run") == Standing("started", None)
        assert await runs.waiting() == []
        assert await runs.start("run", 2.0) is None
        assert await runs.accept(order("late", key="k", digest=b"d"), started=True) == Earlier("run", b"d", "started", None)
        assert await runs.end(Taken("run", 1, "acme/shout", b"", 0, None), ENDINGS[0], 3.0, 9.0)

    play(scene)


def test_of_many_who_take_a_run_up_one_has_it(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        await runs.accept(order())
        taken = await asyncio.gather(*(runs.start("run", 2.0) for _ in range(50)))
        assert sum(each is not None for each in taken) == 1

    play(scene)


@pytest.mark.parametrize("first", ENDINGS + FROM_OUTSIDE)
def test_a_run_ends_once(play: Play, first: Ending) -> None:
    async def scene(runs: RunStore) -> None:
        taken = await started(runs)
        assert await (runs.end(taken, first, 3.0, 9.0) if first in ENDINGS else runs.give_up("run", first, 3.0, 9.0))
        for later in ENDINGS:
            assert not await runs.end(taken, later, 4.0, 9.0)
        for later in FROM_OUTSIDE:
            assert not await runs.give_up("run", later, 4.0, 9.0)
        assert await runs.start("run", 4.0) is None
        assert not await runs.put_back(taken, 0.0)
        await runs.reopen()
        assert await runs.find("run") == Standing(first.state, first.envelope)

    play(scene)


def test_of_many_endings_at_once_one_counts(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        taken = await started(runs)
        done = await asyncio.gather(
            *(runs.end(taken, ending, 3.0, 9.0) for ending in ENDINGS * 10),
            *(runs.give_up("run", ending, 3.0, 9.0) for ending in FROM_OUTSIDE * 10),
        )
        assert sum(map(bool, done)) == 1

    play(scene)


def test_a_run_that_waits_can_be_given_up_but_not_ended(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        await runs.accept(order())
        assert not await runs.end(Taken("run", 0, "acme/shout", b"", 0, None), ENDINGS[0], 2.0, 9.0)
        assert await runs.give_up("run", FROM_OUTSIDE[0], 2.0, 9.0)
        assert await runs.waiting() == []

    play(scene)


@pytest.mark.parametrize("way", ["reopen", "put_back"])
def test_a_run_that_waits_again_is_another_attempts(play: Play, way: str) -> None:
    async def scene(runs: RunStore) -> None:
        first = await started(runs)
        if way == "reopen":
            await runs.reopen()
        else:
            assert await runs.put_back(first, 7.0)
        assert await runs.waiting() == [Waiting("run", "acme/shout", 0, 0.0 if way == "reopen" else 7.0)]
        assert not await runs.end(first, ENDINGS[0], 3.0, 9.0)
        second = await runs.start("run", 4.0)
        assert second is not None
        assert second.attempt == 2
        assert not await runs.end(first, ENDINGS[0], 5.0, 9.0)
        assert not await runs.put_back(first, 0.0)
        assert await runs.end(second, ENDINGS[0], 5.0, 9.0)

    play(scene)


def test_runs_wait_in_the_order_of_their_priority_and_age(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        for id, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5)):
            await runs.accept(order(id, priority=priority))
        assert [run.id for run in await runs.waiting()] in (["b", "d", "a", "c"], ["d", "b", "a", "c"])

    play(scene)


def test_what_never_was_is_not_found(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        assert await runs.find("run") is None
        assert await runs.start("run", 1.0) is None
        assert await runs.keyed("", "acme/shout", "key") is None
        assert not await runs.give_up("run", FROM_OUTSIDE[0], 2.0, 9.0)

    play(scene)


def test_a_key_stands_for_the_first_run_of_its_caller_and_model(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        keyed = order("first", caller="me", key="k", digest=b"d")
        assert await runs.accept(keyed) is None
        earlier = Earlier("first", b"d", "accepted", None)
        assert await runs.accept(order("second", caller="me", key="k", digest=b"other")) == earlier
        assert await runs.keyed("me", "acme/shout", "k") == earlier
        assert await runs.find("second") is None
        assert await runs.accept(order("third", caller="you", key="k", digest=b"d")) is None
        assert await runs.accept(order("fourth", caller="me")) is None

    play(scene)


def test_of_many_accepts_with_one_key_one_counts(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        found = await asyncio.gather(*(runs.accept(order(f"run {number}", key="k", digest=b"d")) for number in range(50)))
        assert sum(each is None for each in found) == 1
        assert len(await runs.waiting()) == 1

    play(scene)


def test_a_run_that_was_answered_at_once_keeps_its_answer_for_its_key_alone(play: Play) -> None:
    async def scene(runs: RunStore) -> None:
        ending = Ending("finished", b"the answer", prompt_tokens=3, completion_tokens=4, credits=0.5)
        await runs.record(order("plain"), ending, 1.0, 2.0, 9.0)
        await runs.record(order("keyed", key="k", digest=b"d"), ending, 1.0, 2.0, 9.0)
        await runs.record(order("late", key="k", digest=b"d"), ENDINGS[1], 1.0, 2.0, 9.0)
        assert await runs.find("plain") == Standing("finished", None)
        assert await runs.keyed("", "acme/shout", "k") == Earlier("keyed", b"d", "finished", b"the answer")
        assert await runs.find("late") is None

    play(scene)


def test_runs_of_the_first_version_are_kept(tmp_path: Path) -> None:
    script = files("aixplain.hub.store.sqlite").joinpath("migrations/0001.sql").read_text("utf-8")
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.executescript(script + "PRAGMA user_version = 1;")
        for id, state, result in (("a", "accepted", None), ("b", "started", None), ("c", "finished", b"{}")):
            connection.execute("INSERT INTO runs VALUES (?, 'acme/shout', ?, x'7b7d', ?, 1, 2, 3)", (id, state, result))
    connection.close()
    store = SqliteStore(tmp_path / "hub.sqlite")
    runs = SqliteRuns(store)

    async def look() -> list[Standing | None]:
        return [await runs.find(id) for id in "abc"]

    assert asyncio.run(look()) == [Standing("accepted", None), Standing("started", None), Standing("finished", b"{}")]
    store.close()
