"""Whether a hub lives and works, for those who watch it and those who send it requests."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from aixplain.hub import Hub
from aixplain.hub.embedded import start
from aixplain.hub.endpoints import operations
from aixplain.hub.store.sqlite import file

from .conftest import Caller, wait_for
from .machines import cluster


def test_a_hub_at_work_is_alive_and_ready(serve: Callable[..., Caller]) -> None:
    caller = serve(Hub(builtin=False))
    assert caller.get("/healthz").json == {"status": "ok"}
    assert caller.get("/readyz").json == {"status": "ready"}


def test_both_are_told_to_those_without_a_key(serve: Callable[..., Caller]) -> None:
    caller = serve(Hub(builtin=False, keys=["secret"]))
    assert (caller.get("/healthz").status, caller.get("/readyz").status) == (200, 200)


def test_a_hub_whose_database_takes_nothing_lives_and_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "READY_SECONDS", 0.2)
    running = start(tmp_path, Hub(builtin=False))
    running.wait_until_ready()
    caller = Caller(running.url)
    other = sqlite3.connect(tmp_path / "hub.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = caller.get("/readyz")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.json["message"] == "The hub's database took no change in 0.2 seconds."
    assert caller.get("/healthz").status == 200
    other.execute("ROLLBACK")
    other.close()
    assert wait_for(lambda: caller.get("/readyz").status == 200)
    running.close()


def test_a_hub_whose_disk_is_nearly_full_lives_and_is_not_ready(
    serve: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = serve(Hub(builtin=False))
    monkeypatch.setattr(file, "LEAST_ROOM", 10**18)  # more than any disk has
    answer = caller.get("/readyz")
    assert answer.status == 503
    said = r"The disk of the hub's database has [\d,]+ bytes left, too few to keep runs\. Make room on it\."
    assert re.fullmatch(said, answer.json["message"])
    assert caller.get("/healthz").status == 200


def test_a_hub_that_takes_no_runs_up_is_not_ready(tmp_path: Path) -> None:
    running = start(tmp_path, Hub(builtin=False))
    running.wait_until_ready()
    running._server.config.app.state.engine.rest()
    answer = Caller(running.url).get("/readyz")
    assert (answer.status, answer.json["message"][:29]) == (503, "The hub takes no runs up: it ")
    running.close()


def test_a_hub_on_many_machines_is_ready_as_long_as_its_database_takes_changes(database: str, tmp_path: Path) -> None:
    with cluster(database, tmp_path) as machines:
        caller = machines.start("hub").caller
        assert caller.get("/readyz").json == {"status": "ready"}
        asyncio.run(become_read_only(database))
        assert wait_for(lambda: "database can't be used" in caller.get("/readyz").json.get("message", ""))
        assert caller.get("/readyz").status == 503
        assert caller.get("/healthz").status == 200


async def become_read_only(database: str) -> None:
    """As a server is that stands by for another one; who is connected has to come again."""
    connection = await asyncpg.connect(database)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()", name
    )
    await connection.close()
