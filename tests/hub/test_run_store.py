"""What every store of runs does: each change happens once, and only from the state that it is meant for."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.store.runs import Earlier, Ending, Order, RunStore, Standing, Taken, Waiting, Wanted
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.runs import SqliteRuns

Take = Callable[[str], Awaitable[Taken | None]]
Play = Callable[[Callable[[RunStore, Take], Awaitable[None]]], None]

ENDINGS = [Ending("finished", b"{}"), Ending("failed", b"{}", "no", 500)]
FROM_OUTSIDE = [Ending("canceled", b"{}", "unwanted"), Ending("expired", b"{}", "late", 504)]


@pytest.fixture(params=["sqlite", "postgres"])
def play(request: pytest.FixtureRequest) -> Play:
    """Runs a test's coroutine over a fresh store, and a way to take a run of it up."""
    stores: Callable[[], AbstractAsyncContextManager[tuple[RunStore, Take]]]
    if request.param == "sqlite":
        stores = partial(sqlite_store, request.getfixturevalue("tmp_path"))
    else:
        stores = partial(postgres_store, request.getfixturevalue("database"))

    def with_store(scene: Callable[[RunStore, Take], Awaitable[None]]) -> None:
        async def run() -> None:
            async with stores() as (runs, take):
                await scene(runs, take)

        asyncio.run(run())

    return with_store


@asynccontextmanager
async def sqlite_store(folder: Path) -> AsyncIterator[tuple[SqliteRuns, Take]]:
    with closing(SqliteStore(folder / "hub.sqlite")) as store:
        runs = SqliteRuns(store)
        yield runs, lambda id: runs.start(id, 2.0)


@asynccontextmanager
async def postgres_store(url: str) -> AsyncIterator[tuple[RunStore, Take]]:
    from aixplain.hub.store.postgres.bell import Bell
    from aixplain.hub.store.postgres.migrations import prepare
    from aixplain.hub.store.postgres.pool import Pool
    from aixplain.hub.store.postgres.queue import Queue
    from aixplain.hub.store.postgres.runs import PostgresRuns

    await prepare(url)
    worker = uuid.uuid4()
    async with Pool(url).opened() as pool:
        bell = Bell(pool)
        queue = Queue(pool, bell, worker)

        async def take(id: str) -> Taken | None:
            taken = await queue.take("acme/shout", 1, stale=60, busy=())
            return taken[0] if taken else None

        yield PostgresRuns(pool, bell, worker), take
        await bell.finish()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SqliteRuns]:
    """The rows of runs that this process executes alone."""
    with closing(SqliteStore(tmp_path / "hub.sqlite")) as store:
        yield SqliteRuns(store)


def order(id: str = "run", inputs: bytes | None = b'{"text": "hi"}', **told: Any) -> Order:
    return Order(id, "acme/shout", inputs, accepted_at=1.0, **told)


async def started(runs: RunStore, take: Take, id: str = "run") -> Taken:
    await runs.accept(order(id))
    taken = await take(id)
    assert taken is not None
    return taken


def test_a_run_is_accepted_started_and_ended(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        assert await runs.accept(order(priority=3, deadline=9.0)) is None
        assert await runs.find("run") == Standing("accepted", None)
        taken = await take("run")
        assert taken == Taken("run", 1, "acme/shout", b'{"text": "hi"}', 3, 9.0)
        assert await runs.find("run") == Standing("started", None)
        assert await take("run") is None
        assert await runs.end(taken, Ending("finished", b"the answer"), 3.0, 9.0)
        assert await runs.find("run") == Standing("finished", b"the answer")

    play(scene)


def test_a_run_may_be_accepted_and_started_in_one(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        assert await runs.accept(order(key="k", digest=b"d"), started=True) is None
        assert await runs.find("run") == Standing("started", None)
        assert await take("run") is None
        assert await runs.accept(order("late", key="k", digest=b"d"), started=True) == Earlier("run", b"d", "started", None)
        assert await runs.end(Taken("run", 1, "acme/shout", b"", 0, None), ENDINGS[0], 3.0, 9.0)

    play(scene)


def test_of_many_who_take_a_run_up_one_has_it(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        await runs.accept(order())
        taken = await asyncio.gather(*(take("run") for _ in range(50)))
        assert sum(each is not None for each in taken) == 1

    play(scene)


@pytest.mark.parametrize("first", ENDINGS + FROM_OUTSIDE)
def test_a_run_ends_once(play: Play, first: Ending) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        taken = await started(runs, take)
        assert await (runs.end(taken, first, 3.0, 9.0) if first in ENDINGS else runs.give_up("run", first, 3.0, 9.0))
        for later in ENDINGS:
            assert not await runs.end(taken, later, 4.0, 9.0)
        for later in FROM_OUTSIDE:
            assert not await runs.give_up("run", later, 4.0, 9.0)
        assert await take("run") is None
        assert not await runs.put_back(taken, 0.0)
        assert await runs.find("run") == Standing(first.state, first.envelope)

    play(scene)


def test_of_many_endings_at_once_one_counts(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        taken = await started(runs, take)
        done = await asyncio.gather(
            *(runs.end(taken, ending, 3.0, 9.0) for ending in ENDINGS * 10),
            *(runs.give_up("run", ending, 3.0, 9.0) for ending in FROM_OUTSIDE * 10),
        )
        assert sum(done) == 1

    play(scene)


def test_a_run_that_waits_can_be_given_up_but_not_ended(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        await runs.accept(order())
        assert not await runs.end(Taken("run", 0, "acme/shout", b"", 0, None), ENDINGS[0], 2.0, 9.0)
        assert await runs.give_up("run", FROM_OUTSIDE[0], 2.0, 9.0)
        assert await take("run") is None

    play(scene)


def test_a_run_that_waits_again_is_another_attempts(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        first = await started(runs, take)
        assert await runs.put_back(first, 7.0)
        assert await runs.find("run") == Standing("accepted", None)
        assert not await runs.end(first, ENDINGS[0], 3.0, 9.0)
        second = await take("run")
        assert second is not None
        assert second.attempt == 2
        assert not await runs.end(first, ENDINGS[0], 5.0, 9.0)
        assert not await runs.put_back(first, 0.0)
        assert await runs.end(second, ENDINGS[0], 5.0, 9.0)

    play(scene)


def test_what_was_taken_up_waits_again_when_its_process_is_another_one(own: SqliteRuns) -> None:
    async def scene() -> None:
        first = await started(own, lambda id: own.start(id, 2.0))
        await own.reopen()
        assert await own.waiting() == [Waiting("run", "acme/shout")]
        assert not await own.end(first, ENDINGS[0], 3.0, 9.0)
        second = await own.start("run", 4.0)
        assert second is not None
        assert second.attempt == 2
        assert await own.end(second, ENDINGS[0], 3.0, 9.0)
        await own.reopen()
        assert await own.waiting() == []

    asyncio.run(scene())


def test_runs_wait_in_the_order_of_their_priority_and_age(own: SqliteRuns) -> None:
    async def scene() -> None:
        for id, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5)):
            await own.accept(order(id, priority=priority, deadline=9.0))
        assert [run.id for run in await own.waiting()] in (["b", "d", "a", "c"], ["d", "b", "a", "c"])
        assert {run.deadline for run in await own.waiting()} == {9.0}

    asyncio.run(scene())


def test_a_run_has_the_row_that_the_list_has(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        assert await runs.end(await started(runs, take), ENDINGS[0], 3.0, 9.0)
        await runs.accept(order("other"))
        row = await runs.row("run")
        assert row is not None
        assert row.id == "run"
        assert row in (await runs.listed(Wanted("")))[1]

    play(scene)


def test_what_never_was_is_not_found(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        assert await runs.find("run") is None
        assert await runs.row("run") is None
        assert await take("run") is None
        assert await runs.keyed("", "acme/shout", "key") is None
        assert not await runs.give_up("run", FROM_OUTSIDE[0], 2.0, 9.0)

    play(scene)


def test_a_key_stands_for_the_first_run_of_its_caller_and_model(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
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
    async def scene(runs: RunStore, take: Take) -> None:
        found = await asyncio.gather(*(runs.accept(order(f"run {number}", key="k", digest=b"d")) for number in range(50)))
        [kept] = [f"run {number}" for number, each in enumerate(found) if each is None]
        assert {each.id for each in found if each is not None} == {kept}
        assert await take(kept) is not None
        assert await take(kept) is None

    play(scene)


def test_a_run_that_was_answered_at_once_keeps_its_answer_for_its_key_alone(play: Play) -> None:
    async def scene(runs: RunStore, take: Take) -> None:
        ending = Ending("finished", b"the answer", prompt_tokens=3, completion_tokens=4, credits=0.5)
        await runs.record(order("plain", inputs=None), ending, 1.0, 2.0, 9.0)
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
