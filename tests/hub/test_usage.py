"""The ledger: each run is in the sums once, with what it used, and what nobody told is unknown."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest

from aixplain.hub.opening import Place
from aixplain.hub.settings import Settings
from aixplain.hub.store.sqlite.file import SqliteStore

from .conftest import Caller, wait_for
from .places import Replica, ask, gate, new_key, served

pytestmark = pytest.mark.usefixtures("one_day")


@pytest.fixture(scope="module", params=["one file", "two replicas"])
def at_work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, list[Caller]]]:
    folder, url = tmp_path_factory.mktemp("hub"), None
    if request.param == "two replicas":
        url = request.getfixturevalue("postgres").make_database(f"usage_{folder.name}")
    with served(folder, *[Replica(url, keys=("fixed",))] * (2 if url else 1)) as callers:
        yield Place(folder, url), callers


def usage(caller: Caller, secret: str, **query: Any) -> list[dict[str, Any]]:
    answer = caller.get(f"/sdk/usage?{urlencode(query)}", **{"x-api-key": secret})
    assert answer.status == 200, answer.body
    return list(answer.json["results"])


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def test_each_way_to_run_and_to_end_is_summed_once(at_work: tuple[Place, list[Caller]]) -> None:
    place, hubs = at_work
    key, secret = new_key(place, "ada")
    header = {"x-api-key": secret}
    for hub in (hubs[0], hubs[-1]):
        ask(hub, secret, "acme/spend", tokens=10, credits=0.25)
        ask(hub, secret, "acme/spend", tokens=5)
        ask(hub, secret, "acme/refuse")
        ask(hub, secret, "acme/pieces", text="hi", options={"stream": True})
        run = ask(hub, secret, "acme/gated").json["requestId"]
        hub.send("DELETE", f"/sdk/runs/{run}/result", headers=header)
    gate.set()
    run = ask(hubs[0], secret, "acme/gated").json["requestId"]
    assert hubs[-1].get(f"/sdk/runs/{run}/result", **header, prefer="wait=20").json["status"] == "SUCCESS"
    assert wait_for(lambda: sum(each["runs"] for each in usage(hubs[-1], secret)) == 11)
    found = {each.pop("model"): each for each in usage(hubs[-1], secret)}
    times = [each.pop("runTime") for each in found.values()]
    assert all(seconds >= 0 for seconds in times)
    common = {"day": today(), "key": key.id, "keyName": "ada", "failed": 0, "canceled": 0, "usedCredits": None, "usage": None}
    assert found == {
        "acme/spend": {
            **common,
            "runs": 4,
            "finished": 4,
            "usedCredits": 0.5,
            "usage": {"prompt_tokens": 30, "completion_tokens": 0, "total_tokens": 30},
        },
        "acme/refuse": {**common, "runs": 2, "finished": 0, "failed": 2},
        "acme/pieces": {**common, "runs": 2, "finished": 2, "usedCredits": 0.0},
        "acme/gated": {**common, "runs": 3, "finished": 1, "canceled": 2, "usedCredits": 0.0},
    }


def test_a_key_sees_its_own_and_those_that_administer_see_all(at_work: tuple[Place, list[Caller]]) -> None:
    place, hubs = at_work
    (mine, secret), (other, another) = new_key(place, "mine"), new_key(place, "other")
    admin = new_key(place, "admin", is_admin=True)[1]
    for each in (secret, another):
        ask(hubs[0], each)
    assert wait_for(lambda: [each["key"] for each in usage(hubs[-1], secret, by="key")] == [mine.id])
    assert wait_for(lambda: len(usage(hubs[-1], admin, by="key")) >= 2)
    seen = {each["key"]: each["keyName"] for each in usage(hubs[-1], admin, by="key")}
    assert seen.items() >= {mine.id: "mine", other.id: "other"}.items()


def test_sums_are_over_what_they_are_not_by(at_work: tuple[Place, list[Caller]]) -> None:
    place, hubs = at_work
    secret = new_key(place)[1]
    for path in ("acme/shout", "acme/shout", "team/whisper"):
        ask(hubs[0], secret, path)
    [whole] = usage(hubs[0], secret, by="")
    assert (whole["day"], whole["model"], whole["key"], whole["runs"]) == (None, None, None, 3)
    assert [(each["model"], each["runs"]) for each in usage(hubs[0], secret, by="model")] == [
        ("acme/shout", 2),
        ("team/whisper", 1),
    ]
    assert usage(hubs[0], secret, since="2001-01-01", until="2002-01-01") == []
    assert [each["day"] for each in usage(hubs[0], secret, by="day", since=today())] == [today()]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"by": "day,hour"}, "'hour' is nothing to sum by; there are day, model, key."),
        ({"since": "yesterday"}, "since is a time like"),
        ({"model": "x"}, "'model' is no filter of usage; there are since, until, by."),
    ],
)
def test_a_query_that_cannot_be_read_is_a_400(at_work: tuple[Place, list[Caller]], query: dict[str, str], said: str) -> None:
    answer = at_work[1][0].get(f"/sdk/usage?{urlencode(query)}", **{"x-api-key": "fixed"})
    assert answer.status == 400
    assert said in answer.json["message"]


@pytest.mark.parametrize("kind", ["one file", "two replicas"])
@pytest.mark.parametrize("keeps", [True, False])
def test_what_went_in_and_came_out_is_kept_where_that_is_wanted(
    kind: str, keeps: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("database") if kind == "two replicas" else None
    with served(tmp_path, Replica(url, settings=Settings(keeps_contents=keeps))) as [hub]:
        run = ask(hub, "", "acme/gated").json["requestId"]
        canceled = ask(hub, "", "acme/gated").json["requestId"]
        hub.send("DELETE", f"/sdk/runs/{canceled}/result")
        gate.set()
        assert hub.get(f"/sdk/runs/{run}/result", prefer="wait=20").json["data"] == "hi"
        at_once = ask(hub, "").json
        polled = hub.get(f"/sdk/runs/{at_once['requestId']}/result")
        assert (polled.json == at_once) if keeps else (polled.status == 404)
    sent = b'{"text":"hi"}'
    kept = {run: sent, canceled: sent, at_once["requestId"]: sent} if keeps else {canceled: sent}  # which may be begun anew
    assert {id: inputs for id, inputs in inputs_in(tmp_path, url).items() if inputs is not None} == kept


def inputs_in(folder: Path, url: str | None) -> dict[str, bytes | None]:
    """The inputs of all runs in a database."""
    query = "SELECT id, inputs FROM runs"
    if url is None:
        with contextlib.closing(sqlite3.connect(folder / "hub.sqlite")) as file:
            return dict(file.execute(query).fetchall())

    async def look() -> dict[str, bytes | None]:
        connection = await asyncpg.connect(url, server_settings={"search_path": "aixplain"})
        try:
            return {row["id"]: row["inputs"] for row in await connection.fetch(query)}
        finally:
            await connection.close()

    return asyncio.run(look())


def test_a_file_of_before_keeps_its_runs_and_sums_them_up(tmp_path: Path) -> None:
    """Credits could not be told then, so zero is unknown."""
    steps = sorted(files("aixplain.hub.store.sqlite").joinpath("migrations").iterdir(), key=lambda step: step.name)
    with sqlite3.connect(tmp_path / "hub.sqlite") as old:
        for number, step in enumerate(steps[:4], start=1):
            old.executescript(f"{step.read_text('utf-8')} PRAGMA user_version = {number};")
        ended = "INSERT INTO runs (id, model, state, accepted_at, started_at, ended_at) VALUES (?, 'acme/shout', ?, ?, ?, ?)"
        now = time.time()
        old.executemany(ended, [("a", "finished", now, now, now + 1), ("b", "failed", now, now, now + 2)])
        old.execute("INSERT INTO runs (id, model, state, accepted_at) VALUES ('c', 'acme/shout', 'accepted', ?)", [now])
    old.close()
    store = SqliteStore(tmp_path / "hub.sqlite")
    reader = store.reader()
    assert [tuple(row) for row in reader.execute("SELECT id, state, credits FROM runs ORDER BY id")] == [
        ("a", "finished", None),
        ("b", "failed", None),
        ("c", "accepted", None),
    ]
    sums = [tuple(row) for row in reader.execute("SELECT state, runs, credits, round(seconds) FROM usage ORDER BY state")]
    assert sums == [("failed", 1, None, 2.0), ("finished", 1, None, 1.0)]
    store.close()
