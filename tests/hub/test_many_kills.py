"""Hubs, workers and PostgreSQL itself end in the middle of a load: nothing that was accepted is lost, nothing ends twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from bench.postgres_server import PostgresServer, running

from .conftest import Caller, wait_for
from .machines import Cluster, cluster

#: Counts, from outside, how often a run ended.
AUDIT = """
CREATE TABLE aixplain.endings (run text);
CREATE FUNCTION aixplain.audit() RETURNS trigger AS $$
    BEGIN INSERT INTO aixplain.endings VALUES (NEW.id); RETURN NEW; END
$$ LANGUAGE plpgsql;
CREATE TRIGGER audit AFTER UPDATE OF state ON aixplain.runs FOR EACH ROW
WHEN (NEW.state NOT IN ('accepted', 'started')) EXECUTE FUNCTION aixplain.audit();
"""


def query(database: str, statement: str) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(database, server_settings={"search_path": "aixplain"})
        try:
            return (
                [tuple(row) for row in await connection.fetch(statement)]
                if statement[0] == "S"
                else [await connection.execute(statement)]
            )
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.fixture
def machines(database: str, tmp_path: Path) -> Iterator[Cluster]:
    with cluster(database, tmp_path) as made:
        yield made


class Load(threading.Thread):
    """Posts runs one after the other, to the hubs in turn; `accepted` has what it was promised."""

    def __init__(self, hubs: Callable[[], list[Caller]], label: str, runs: int) -> None:
        super().__init__()
        self.hubs, self.label, self.runs = hubs, label, runs
        self.accepted: dict[str, str] = {}
        self.refused: list[tuple[int, str | None, str]] = []
        self.start()

    def run(self) -> None:
        paths = itertools.cycle(["acme/quick", "acme/threaded", "acme/slow"])
        number = 0
        while len(self.accepted) < self.runs:
            caller = random.choice(self.hubs())  # noqa: S311 - a balancer
            try:
                number = self.post_while_it_lives(caller, paths, number)
            except (OSError, HTTPException):
                time.sleep(0.05)  # this hub died: this post was accepted or not, and nothing was promised

    def post_while_it_lives(self, caller: Caller, paths: Iterator[str], number: int) -> int:
        connection = HTTPConnection(*caller.address, timeout=20)
        for _ in range(50):
            number += 1
            text = f"{self.label} {number}"
            connection.request("POST", f"/api/v2/execute/{next(paths)}", json.dumps({"text": text}))
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status == 201:
                self.accepted[body["requestId"]] = text
            else:
                self.refused.append((answer.status, answer.headers["retry-after"], body["message"]))
                time.sleep(0.05)
        connection.close()
        return number


def all_over(database: str) -> bool:
    return query(database, "SELECT count(*) FROM runs WHERE state IN ('accepted', 'started')") == [(0,)]


def check(database: str, loads: list[Load]) -> None:
    """Everything that was promised ended well, and once."""
    accepted = {id: text for load in loads for id, text in load.accepted.items()}
    assert wait_for(lambda: all_over(database))
    rows = query(database, "SELECT id, state, result FROM runs")
    ended = {id: (state, json.loads(result)) for id, state, result in rows}
    assert accepted.keys() <= ended.keys()
    assert Counter(state for state, _ in ended.values()) == {"finished": len(ended)}
    assert all(ended[id][1]["data"] == text.upper() for id, text in accepted.items())
    times = Counter(run for (run,) in query(database, "SELECT run FROM endings"))
    assert set(times) == set(ended)
    assert set(times.values()) == {1}
    assert query(database, "SELECT count(*) FROM pgqueuer") == [(0,)]


def test_over_thousands_of_runs_nothing_accepted_is_lost_and_nothing_ends_twice(machines: Cluster) -> None:
    hubs = [machines.start("hub 0"), machines.start("counter 1")]
    workers = [machines.start("worker 0"), machines.start("worker 1")]
    for machine in machines.machines:
        machine.wait_until_ready()
    query(machines.database, AUDIT)
    loads = [Load(lambda: [hub.caller for hub in hubs], str(number), 500) for number in range(5)]
    for turn in range(3):
        enough = 500 * (turn + 1)
        assert wait_for(lambda: sum(len(load.accepted) for load in loads) >= enough)  # noqa: B023 - called here
        for each, name in ((hubs, ("hub", "counter")[turn % 2]), (workers, "worker")):
            each[turn % 2].kill()
            again = machines.start(f"{name} {turn + 2}")
            again.wait_until_ready()
            each[turn % 2] = again
    for load in loads:
        load.join(30)
    assert sum(len(load.accepted) for load in loads) >= 2500
    check(machines.database, loads)


def test_the_runs_of_a_dead_worker_are_taken_up_by_another(machines: Cluster) -> None:
    counter, first = machines.start("counter"), machines.start("worker 1")
    first.wait_until_ready()
    addresses = [counter.caller.run("acme/gated", {"text": f"run {number}"}).json["data"] for number in range(20)]
    assert wait_for(lambda: all(machines.noted(f"run {number}") for number in range(20)))
    second = machines.start("worker 2")
    second.wait_until_ready()
    first.kill()
    assert wait_for(lambda: all(len(machines.noted(f"run {number}")) == 2 for number in range(20)))
    (machines.folder / "go").touch()
    for number, address in enumerate(addresses):
        assert counter.caller.result(address)["data"] == f"run {number} by worker 2"


def test_a_worker_that_is_asked_to_stop_hands_its_runs_back_at_once(machines: Cluster) -> None:
    counter, first = machines.start("counter"), machines.start("worker 1")
    first.wait_until_ready()
    address = counter.caller.run("acme/gated", {"text": "handed"}).json["data"]
    assert wait_for(lambda: machines.noted("handed") == ["begun by worker 1"])
    second = machines.start("worker 2")
    second.wait_until_ready()
    mine = query(machines.database, "SELECT worker FROM runs")
    logged = first.stop()
    assert first.process.returncode == 0, logged
    assert query(machines.database, "SELECT queue_manager_id FROM pgqueuer") != mine, "it is nobody's, or another's"
    assert wait_for(lambda: machines.noted("handed")[1:] == ["stopped", "begun by worker 2"])
    (machines.folder / "go").touch()
    assert counter.caller.result(address)["data"] == "handed by worker 2"


@pytest.fixture
def fragile(postgres_programs: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL for those who end it."""
    with running(postgres_programs) as server:
        yield server


def test_a_database_that_is_away_for_a_while_loses_nothing(fragile: PostgresServer, tmp_path: Path) -> None:
    with cluster(fragile.make_database("away"), tmp_path) as machines:
        hub, worker = machines.start("hub"), machines.start("worker")
        address = hub.caller.run("acme/gated", {"text": "through"}).json["data"]
        assert wait_for(lambda: machines.noted("through") != [])
        worker.wait_until_ready()
        query(machines.database, AUDIT)
        loads = [Load(lambda: [hub.caller], str(number), 300) for number in range(4)]
        for turn, how in enumerate((signal.SIGINT, signal.SIGQUIT)):  # restarted, and crashed
            assert wait_for(lambda: sum(len(load.accepted) for load in loads) >= 400 * (turn + 1))  # noqa: B023 - called here
            refused = sum(len(load.refused) for load in loads)
            fragile.stop(how)
            assert wait_for(lambda: sum(len(load.refused) for load in loads) >= refused + 20)  # noqa: B023 - called here
            poll = hub.caller.get(address)
            assert (poll.status, poll.headers["retry-after"]) == (503, "1")
            assert hub.caller.get("/healthz").status == 200
            fragile.start()
        for load in loads:
            load.join(30)
        assert machines.noted("through") == ["begun by hub"], "nobody took it up while none could say that he was at it"
        (tmp_path / "go").touch()
        assert hub.caller.result(address)["data"] == "through by hub"
        check(machines.database, loads)
        refusals = [refusal for load in loads for refusal in load.refused]
        assert {refusal[:2] for refusal in refusals} == {(503, "1")}
        assert all("database" in message and "send the request again" in message for *_, message in refusals)
        assert "Traceback" not in hub.stop()
