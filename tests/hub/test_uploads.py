"""An announced upload takes one file, what is stored has bounds, and what never comes expires, wherever files are kept."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from aixplain.hub import Hub, ModelError, Settings
from aixplain.hub.errors import Refusal
from aixplain.hub.files import Files, save
from aixplain.hub.files.folder import FolderFiles
from aixplain.hub.files.quota import Quota
from aixplain.hub.store.postgres.files import PostgresFiles
from aixplain.hub.store.postgres.migrations import prepare
from aixplain.hub.store.postgres.pool import Pool

from .conftest import Caller

T = TypeVar("T")
#: Does some work with the files of a hub that has this quota.
With = Callable[[Quota, Callable[[Files], Awaitable[T]]], T]


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))])
def with_files(request: pytest.FixtureRequest, tmp_path: Path) -> With[Any]:
    """Files that are kept in a folder, or in PostgreSQL."""
    database = request.getfixturevalue("database") if request.param == "postgres" else None

    async def work(quota: Quota, do: Callable[[Files], Awaitable[Any]]) -> Any:
        if database is None:
            return await do(FolderFiles(tmp_path / "files", quota))
        await prepare(database)
        async with Pool(database).opened() as pool:
            await pool.count("DELETE FROM files")
            await pool.count("DELETE FROM file_chunks")
            return await do(PostgresFiles(pool, tmp_path / "files", quota))

    return lambda quota, do: asyncio.run(work(quota, do))


async def chunks(*parts: bytes, fails: bool = False) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part
    if fails:
        raise ConnectionResetError


async def announced(files: Files, name: str = "a.txt", owner: str = "key") -> tuple[str, str]:
    _, _, token, kept_as = (await files.reserve(name, owner)).split("/")
    return token, kept_as


async def sent(files: Files, content: bytes, owner: str = "key") -> tuple[str, str]:
    place = await announced(files, owner=owner)
    await files.put(*place, chunks(content))
    return place


async def refusal(work: Awaitable[Any]) -> tuple[int, str]:
    """The status and the sentence with which something is refused."""
    with pytest.raises(Refusal) as raised:
        await work
    return raised.value.status, raised.value.message


async def content(files: Files, place: tuple[str, str]) -> bytes | None:
    path = await files.get(*place)
    return None if path is None else path.read_bytes()


def test_an_upload_takes_one_file_under_the_name_that_was_announced(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        token, name = await announced(files)
        for other in ("b.txt", "a.txt.exe", ".announced", ""):
            assert (await refusal(files.put(token, other, chunks(b"x"))))[0] == 404
        await files.put(token, name, chunks(b"fi", b"rst"))
        for second in (b"second", b"firs", b"first!", b""):
            status, words = await refusal(files.put(token, name, chunks(second)))
            assert (status, "ask for a new address" in words) == (409, True)
        assert (await refusal(files.put(token, "b.txt", chunks(b"x"))))[0] == 404
        await files.put(token, name, chunks(b"first"))  # whose sender had not heard that it arrived
        assert await content(files, (token, name)) == b"first"

    with_files(Quota(), work)


def test_of_several_uploads_at_once_one_is_kept_and_the_others_are_refused(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        place = await announced(files)
        several = [bytes([number]) * 1000 for number in range(5)]
        ended = await asyncio.gather(*(files.put(*place, chunks(*[each] * 3)) for each in several), return_exceptions=True)
        refused = [error.status for error in ended if isinstance(error, Refusal)]
        assert (refused, ended.count(None)) == ([409] * 4, 1)
        assert await content(files, place) == several[ended.index(None)] * 3

    with_files(Quota(), work)


def test_an_upload_that_broke_off_may_be_sent_again_and_counts_for_nothing(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        place = await announced(files)
        for _ in range(5):
            with pytest.raises(ConnectionResetError):
                await files.put(*place, chunks(b"x" * 400, b"y" * 400, fails=True))
            assert await content(files, place) is None
        await files.put(*place, chunks(b"z" * 1000))
        assert await content(files, place) == b"z" * 1000

    with_files(Quota(per_key=1000, total=1000), work)


@pytest.mark.parametrize("size", [None, 1001])
def test_a_file_that_is_too_large_is_refused(with_files: With[None], size: int | None) -> None:
    async def work(files: Files) -> None:
        place = await announced(files)
        status, words = await refusal(files.put(*place, chunks(b"x" * 600, b"x" * 401), size))
        assert (status, "1,000 bytes" in words) == (413, True)
        await files.put(*place, chunks(b"x" * 1000), 1000)

    with_files(Quota(largest_file=1000), work)


def test_a_key_has_so_many_bytes_and_all_together_have_so_many(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        await sent(files, b"x" * 600, "one")
        place = await announced(files, owner="one")
        status, words = await refusal(files.put(*place, chunks(b"x" * 200, b"x" * 201)))
        assert (status, "files_per_key" in words) == (507, True)
        assert (await refusal(files.put(*place, chunks(), 401)))[0] == 507  # before it is sent
        await files.put(*place, chunks(b"x" * 400))
        assert "files_per_key" in (await refusal(files.reserve("more", "one")))[1]
        await sent(files, b"x" * 500, "two")
        status, words = await refusal(sent(files, b"x", "three"))
        assert (status, "files_total" in words) == (507, True)
        with pytest.raises(ModelError, match=r"can't keep what the model made.*files_total") as raised:
            await save(files, "speech.mp3", b"x")
        assert raised.value.status == 507

    with_files(Quota(per_key=1000, total=1500), work)


def test_outputs_count_among_all_and_against_no_key(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        for _ in range(3):
            await save(files, "image.png", b"x" * 500)
        assert (await refusal(sent(files, b"x" * 501)))[0] == 507
        await sent(files, b"x" * 500)

    with_files(Quota(per_key=1000, total=2000), work)


def test_what_expires_makes_room(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        await sent(files, b"x" * 1000)
        assert (await refusal(files.reserve("a.txt", "key")))[0] == 507
        await asyncio.sleep(0.02)
        await files.sweep(0.01)
        await sent(files, b"x" * 1000)

    with_files(Quota(per_key=1000), work)


def test_uploads_that_never_come_are_few_and_expire(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        places = [await announced(files) for _ in range(3)]
        status, words = await refusal(files.reserve("a.txt", "key"))
        assert (status, "most_announced" in words) == (429, True)
        await announced(files, owner="another")
        await files.put(*places[0], chunks(b"x"))
        await announced(files)  # one has come, so another may
        await asyncio.sleep(0.02)
        await files.sweep(60)
        assert (await refusal(files.put(*places[1], chunks(b"x"))))[0] == 404
        assert await content(files, places[0]) == b"x"
        for _ in range(3):
            await announced(files)

    with_files(Quota(announced=3, announced_kept=0.01), work)


def test_an_upload_whose_time_is_over_while_it_comes_is_refused(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        place = await announced(files)

        async def slowly() -> AsyncIterator[bytes]:
            yield b"x" * 2_000_000
            await asyncio.sleep(0.02)
            await files.sweep(0.01)
            yield b"x"

        assert (await refusal(files.put(*place, slowly())))[0] == 404
        assert await content(files, place) is None

    with_files(Quota(), work)


def test_what_is_stored_is_counted_again_at_the_next_start(tmp_path: Path) -> None:
    async def work() -> None:
        await sent(FolderFiles(tmp_path / "files"), b"x" * 1000)
        assert (await refusal(FolderFiles(tmp_path / "files", Quota(per_key=1000)).reserve("a", "key")))[0] == 507
        assert (await refusal(FolderFiles(tmp_path / "files", Quota(total=1000)).reserve("a", "other")))[0] == 507

    asyncio.run(work())


def test_uploads_lie_in_the_folder_of_the_hub_and_are_private(tmp_path: Path) -> None:
    async def work() -> tuple[str, str]:
        return await sent(FolderFiles(tmp_path / "files"), b"x")

    before = os.umask(0o022)
    token, name = asyncio.run(work())
    os.umask(before)
    assert (tmp_path / "files" / token / name).read_bytes() == b"x"
    found = [tmp_path / "files", *(tmp_path / "files").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}


@pytest.fixture
def small(serve: Callable[..., Caller]) -> Caller:
    return serve(Hub(builtin=False, settings=Settings(largest_file=1000, files_per_key=1500, most_announced=2)))


def test_the_settings_of_a_hub_bound_what_is_sent_up(small: Caller) -> None:
    first, second = (small.post("/sdk/file/upload/temp-url", {"originalName": "a.bin"}).json["uploadUrl"] for _ in range(2))
    assert small.post("/sdk/file/upload/temp-url", {"originalName": "a.bin"}).status == 429
    assert small.send("PUT", first, b"x" * 1001).status == 413
    assert small.send("PUT", first, b"x" * 1000).status == 200
    refused = small.send("PUT", second, b"x" * 501)
    assert (refused.status, refused.json["statusCode"]) == (507, 507)
    assert small.send("PUT", second, iter([b"x" * 250, b"x" * 250])).status == 200  # type: ignore[arg-type]
    assert small.post("/sdk/file/upload/temp-url", {"originalName": "a.bin"}).status == 507


def test_a_sweep_while_a_file_comes_opens_no_gap_in_the_quota(with_files: With[None]) -> None:
    async def work(files: Files) -> None:
        place = await announced(files)

        async def swept() -> AsyncIterator[bytes]:
            yield b"x" * 600
            await files.sweep(1000)
            yield b"x" * 600

        assert (await refusal(files.put(*place, swept())))[0] == 507
        await files.put(*place, chunks(b"x" * 1000))

    with_files(Quota(per_key=1000), work)
