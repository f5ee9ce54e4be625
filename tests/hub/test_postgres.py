"""A database that is made ready, or that can't be used: what is said, and what is not."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

import asyncpg
import pytest
from bench.postgres_server import PostgresServer

from aixplain.hub import Hub, HubError, opening
from aixplain.hub.store.postgres.batches import HEAVIEST_BATCH, Batches
from aixplain.hub.store.postgres.bell import payloads
from aixplain.hub.store.postgres.migrations import prepare


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_whoever_comes_first_makes_a_database_ready_and_the_others_wait(database: str) -> None:
    async def scene() -> None:
        await asyncio.gather(*(prepare(database) for _ in range(5)))
        assert await run(database, "SELECT count(*) FROM aixplain.version") == 1

    asyncio.run(scene())


def test_the_database_of_a_newer_hub_is_refused(database: str, tmp_path: Path) -> None:
    asyncio.run(prepare(database))
    asyncio.run(run(database, "INSERT INTO aixplain.version VALUES (99)"))
    with pytest.raises(HubError, match=r"was written by a newer hub \(version 99; this one knows \d+\)\. Update") as caught:
        Hub(builtin=False).app(tmp_path, database)
    assert "--database" in str(caught.value)


def test_a_user_without_rights_is_told_which_ones_are_missing(postgres: PostgresServer, tmp_path: Path) -> None:
    database = postgres.make_database("closed")
    asyncio.run(run(database, "CREATE USER guest"))
    with pytest.raises(HubError, match="needs the right to make a schema in it"):
        Hub(builtin=False).app(tmp_path, database.replace("postgres@", "guest:secret@"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql://me:secret@127.0.0.1:1/x",
            r"hub's database postgresql://127\.0\.0\.1:1/x can't be reached: ",
        ),
        ("postgresql://me:sec/ret@127.0.0.1/x", "The address of the database can't be read"),
        ("mysql://me:secret@127.0.0.1/x", "The address of the database can't be read"),
        ("secret", "The address of the database can't be read"),
        ("", "The address of the database can't be read"),
    ],
)
def test_a_database_that_is_not_there_is_told_without_its_password(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(HubError, match=said) as caught:
        Hub(builtin=False).app(tmp_path, url)
    assert "sec" not in str(caught.value)


def test_without_its_libraries_it_says_how_to_install_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(HubError, match=r"pip install 'aixplain-models\[hub,postgres\]'"):
        opening.opening(opening.Place(tmp_path, "postgresql://127.0.0.1/x"), {}, Hub(builtin=False).settings)


def test_what_is_told_fits_into_notifications() -> None:
    told = [(kind, f"{kind} {number:030}") for number in range(1000) for kind in ("ended", "queued")]
    found = payloads(told)
    assert max(len(payload.encode()) for payload in found) < 8000
    assert {payload.partition("\n")[0] for payload in found} == {"ended", "queued"}
    heard = [(payload.partition("\n")[0], name) for payload in found for name in payload.split("\n")[1:]]
    assert sorted(heard) == sorted(told)


def test_a_batch_is_neither_too_long_nor_too_heavy_and_two_are_on_their_way() -> None:
    flushed: list[list[int]] = []
    going_on = most = 0

    async def flush(batch: list[int]) -> list[int]:
        nonlocal going_on, most
        flushed.append(batch)
        going_on += 1
        most = max(most, going_on)
        await asyncio.sleep(0.001)
        going_on -= 1
        return [-item for item in batch]

    async def scene() -> None:
        light: Batches[int, int] = Batches(flush)
        assert await asyncio.gather(*(light.add(number) for number in range(1000))) == [-number for number in range(1000)]
        assert ([len(batch) for batch in flushed], most) == ([256, 256, 256, 232], 2)
        flushed.clear()
        heavy: Batches[int, int] = Batches(flush, lambda item: HEAVIEST_BATCH // 2)
        await asyncio.gather(*(heavy.add(number) for number in range(5)))
        assert [len(batch) for batch in flushed] == [2, 2, 1]

    asyncio.run(scene())


def test_what_goes_wrong_with_a_batch_is_told_to_all_who_are_in_it_and_to_no_other() -> None:
    async def flush(batch: list[int]) -> list[int]:
        if 7 in batch:
            raise HubError("by design")
        return batch

    async def scene() -> None:
        batches: Batches[int, int] = Batches(flush)
        first = await asyncio.gather(*(batches.add(number) for number in range(8)), return_exceptions=True)
        assert {str(each) for each in first} == {"by design"}
        assert await batches.add(8) == 8

    asyncio.run(scene())
