"""What is kept for a time is gone after it: answers, their keys, and files."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aixplain.hub import Document, Hub, Settings, runs, sweeper
from aixplain.hub.embedded import start
from aixplain.hub.files.folder import FolderFiles

from .conftest import Answer, Caller, wait_for


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """A hub that keeps nothing for long."""
    monkeypatch.setattr(sweeper, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(runs, "SWEPT_AT_ONCE", 3)
    hub = Hub(builtin=False, settings=Settings(answers_kept=0.05, files_kept=20))

    @hub.model("acme/count")
    def count(text: str) -> float:
        return time.monotonic()

    @hub.model("acme/size", asynchronous=True)
    def size(document: Document) -> int:
        return document.stat().st_size

    running = start(tmp_path, hub)
    yield Caller(running.url)
    running.close()


def post(caller: Caller, version: str, key: str | None = None) -> Answer:
    headers = {} if key is None else {"idempotency-key": key}
    return caller.send("POST", f"/api/{version}/execute/acme/count", json.dumps({"text": "x"}).encode(), headers)


def is_gone(caller: Caller, address: str) -> bool:
    answer = caller.get(address)
    return answer.status == 404 and "is over (finished), and its answer is not kept any more" in answer.json["message"]


def test_an_answer_expires_and_its_run_stays_listed(caller: Caller) -> None:
    addresses = [post(caller, "v1").json["data"] for _ in range(10)]
    for address in addresses:
        assert wait_for(lambda address=address: is_gone(caller, address))  # type: ignore[misc]
    listed = caller.get("/sdk/runs").json
    assert listed["total"] == 10
    assert {(run["state"], run["expiresAt"]) for run in listed["results"]} == {("finished", None)}
    assert caller.send("DELETE", addresses[0]).status == 404


def test_a_held_poll_of_an_answer_that_is_gone_is_not_held(caller: Caller) -> None:
    address = post(caller, "v1").json["data"]
    assert wait_for(lambda: is_gone(caller, address))
    assert caller.get(address, prefer="wait=60").status == 404


def test_a_key_is_free_again_when_its_answer_is_gone(caller: Caller) -> None:
    first = post(caller, "v2", "key").json["data"]
    assert wait_for(lambda: post(caller, "v2", "key").json["data"] != first)


def test_an_answer_of_a_run_that_was_answered_at_once_is_not_kept_without_a_key(caller: Caller) -> None:
    assert is_gone(caller, f"/api/v1/data/{post(caller, 'v2').json['requestId']}")


def test_files_go_when_nobody_wanted_them_for_their_time(tmp_path: Path) -> None:
    kept = FolderFiles(tmp_path / "files")

    async def put(name: str) -> list[str]:
        place = (await kept.reserve(name)).split("/")[2:]

        async def chunks() -> AsyncIterator[bytes]:
            yield b"text"

        await kept.put(*place, chunks())
        return place

    async def scene() -> None:
        await kept.sweep(0)  # there are none yet
        old, wanted, new = [await put(name) for name in ("old.txt", "wanted.txt", "new.txt")]
        for place in (old, wanted):
            os.utime(tmp_path / "files" / place[0], (1000, 1000))
        assert await kept.want(*wanted)
        await kept.sweep(60)
        assert [await kept.get(*place) is not None for place in (old, wanted, new)] == [False, True, True]

    asyncio.run(scene())


def test_a_file_that_a_run_takes_is_kept_from_then_on(caller: Caller, tmp_path: Path) -> None:
    announced = caller.post("/sdk/file/upload/temp-url", {"originalName": "a.txt"}).json
    assert caller.send("PUT", announced["uploadUrl"], b"12345").status == 200
    (folder,) = (tmp_path / "files").iterdir()
    os.utime(folder, (time.time() - 10, time.time() - 10))
    accepted = caller.run("acme/size", {"document": announced["downloadUrl"]}).json
    assert time.time() - folder.stat().st_mtime < 5
    assert caller.get(accepted["data"], prefer="wait=9").status in (200, 404)
    os.utime(folder, (1000, 1000))
    assert wait_for(lambda: not folder.exists())
    assert caller.run("acme/size", {"document": announced["downloadUrl"]}).status == 492
