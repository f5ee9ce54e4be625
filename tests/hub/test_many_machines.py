"""Hubs and workers that share a PostgreSQL: whichever of them is asked, it is one hub."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.postgres_server import PostgresServer

from .conftest import Answer, Caller, wait_for
from .machines import Cluster, Machine, cluster
from .test_webhooks import Receiver

DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def machines(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two hubs, the second of which leaves work to others, and a worker."""
    with cluster(postgres.make_database("machines"), tmp_path_factory.mktemp("machines")) as made:
        for name in ("hub", "counter", "worker"):
            made.start(name)
        for machine in made.machines:
            machine.wait_until_ready()
        yield made


@pytest.fixture
def hub(machines: Cluster) -> Caller:
    return machines.machines[0].caller


@pytest.fixture
def counter(machines: Cluster) -> Caller:
    return machines.machines[1].caller


def at(caller: Caller, answer: Answer) -> str:
    """The address of an accepted run, at another hub than the one that accepted it."""
    assert answer.status == 201, answer.body
    return f"/sdk/runs/{answer.json['requestId']}/result"


def keyed(caller: Caller, path: str, inputs: dict[str, object], key: str) -> Answer:
    return caller.send("POST", f"/api/v2/execute/{path}", json.dumps(inputs).encode(), {"idempotency-key": key})


def received_until(connection: socket.socket, end: bytes) -> bytes:
    came = b""
    while end not in came:
        more = connection.recv(4096)
        assert more
        came += more
    return came


def test_a_run_is_done_by_whoever_works_and_polled_anywhere(hub: Caller, counter: Caller) -> None:
    for accepts, polls in ((hub, counter), (counter, hub)):
        address = at(polls, accepts.run("acme/quick", {"text": "hi"}))
        assert polls.get(address, prefer="wait=20").json["data"] == "HI"
    assert counter.get("/sdk/runs").json["total"] == hub.get("/sdk/runs").json["total"] >= 2
    assert hub.get("/sdk/runs/nothing/result").status == 404
    assert hub.get("/sdk/runs/%00%ff/result").status == 404


def test_a_held_poll_hears_of_an_end_elsewhere(hub: Caller, counter: Caller, machines: Cluster) -> None:
    address = at(counter, counter.run("acme/gated", {"text": "held"}))
    assert wait_for(lambda: len(machines.noted("held")) == 1)
    threading.Timer(0.2, (machines.folder / "go").touch).start()
    assert counter.get(address, prefer="wait=20").json["data"].startswith("held by")
    (machines.folder / "go").unlink()


def test_a_cancel_stops_the_work_wherever_it_is(hub: Caller, counter: Caller, machines: Cluster) -> None:
    for caller, text in ((hub, "left"), (counter, "right")):
        address = at(caller, counter.run("acme/gated", {"text": text}))
        assert wait_for(lambda: len(machines.noted(text)) == 1)  # noqa: B023 - called here
        assert caller.send("DELETE", address).json["status"] == "CANCELED"
        assert wait_for(lambda: machines.noted(text)[-1] == "stopped")  # noqa: B023 - called here
        assert hub.get(address).json["status"] == counter.get(address).json["status"] == "CANCELED"
        assert caller.send("DELETE", address).status == 200


def test_how_far_a_run_is_can_be_asked_anywhere(hub: Caller, counter: Caller, machines: Cluster) -> None:
    addresses = [at(hub, counter.run("acme/gated", {"text": "far"})), at(counter, hub.run("acme/gated", {"text": "far"}))]
    for address in addresses:
        assert wait_for(lambda: counter.get(address).json["progress"] == 0.5)  # noqa: B023 - called here
        hub.send("DELETE", address)


def test_a_run_expires_at_its_deadline_whoever_has_it(hub: Caller, counter: Caller, machines: Cluster) -> None:
    address = at(hub, counter.run("acme/gated", {"text": "late", "options": {"deadline": 0.3}}))
    assert counter.get(address, prefer="wait=20").json["errorMessage"] == "The run was not done by its deadline."
    assert wait_for(lambda: machines.noted("late")[-1:] == ["stopped"])


def test_an_attempt_that_failed_is_made_again(counter: Caller, machines: Cluster) -> None:
    address = at(counter, counter.run("acme/flaky", {"text": "again"}))
    assert counter.get(address, prefer="wait=20").json["data"] == "AGAIN"
    assert machines.noted("again") == ["tried"] * 3


def test_a_model_that_runs_once_at_a_time_does_so_in_each_process(counter: Caller) -> None:
    addresses = [at(counter, counter.run("acme/one", {"text": str(number)})) for number in range(8)]
    done = {counter.get(address, prefer="wait=20").json["data"] for address in addresses}
    assert done == {"hub", "worker"}, "both have some, since neither takes more than it has room for"


def test_a_key_stands_for_one_run_on_all_hubs(hub: Caller, counter: Caller) -> None:
    first = keyed(hub, "acme/quick", {"text": "one"}, "same")
    second = keyed(counter, "acme/quick", {"text": "one"}, "same")
    assert first.json["requestId"] == second.json["requestId"]
    assert keyed(counter, "acme/quick", {"text": "other"}, "same").status == 409


def test_a_request_that_is_answered_at_once_is_carried_out_by_one_hub(hub: Caller, counter: Caller, machines: Cluster) -> None:
    answers: list[Answer] = []
    ask = [
        threading.Thread(target=lambda caller=caller: answers.append(keyed(caller, "acme/at-once", {"text": "once"}, "k")))  # type: ignore[misc]
        for caller in (hub, counter, hub, counter)
    ]
    for each in ask:
        each.start()
    for each in ask:
        each.join()
    assert len({answer.body for answer in answers}) == 1
    assert keyed(counter, "acme/at-once", {"text": "once"}, "k").body == answers[0].body
    assert machines.noted("once") == ["made"]
    assert keyed(hub, "acme/at-once", {"text": "other"}, "k").status == 409


def test_a_stream_has_one_reader_on_all_hubs(hub: Caller, counter: Caller) -> None:
    inputs: dict[str, object] = {"text": "n", "stream": True}
    with hub.connect("acme/count", inputs, {"idempotency-key": "stream"}) as connection:
        came = received_until(connection, b"n0")
        assert keyed(counter, "acme/count", inputs, "stream").status == 409
        assert b"n2" in received_until(connection, b"[DONE]")
    assert came.startswith(b"HTTP/1.1 200")
    assert wait_for(lambda: keyed(counter, "acme/count", inputs, "stream").json["data"] == "n0 n1 n2 ")


def test_a_key_that_a_dead_hub_held_is_free_soon(machines: Cluster, counter: Caller) -> None:
    inputs: dict[str, object] = {"text": "n", "stream": True}
    dying = machines.start("dying")
    with dying.caller.connect("acme/count", inputs, {"idempotency-key": "dead"}) as connection:
        received_until(connection, b"n0")
        dying.kill()
    assert keyed(counter, "acme/count", inputs, "dead").status == 409
    assert wait_for(lambda: keyed(counter, "acme/count", inputs, "dead").status == 200)


def test_a_webhook_is_told_once(hub: Caller, counter: Caller) -> None:
    receiver = Receiver()
    for caller in (hub, counter):
        assert caller.run("acme/quick", {"text": "hi", "options": {"webhookUrl": receiver.url}}).status == 201
    assert wait_for(lambda: len(receiver.got) == 2)
    time.sleep(0.3)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == len(receiver.got) == 2
    assert hub.get("/sdk/webhooks/secret").json == counter.get("/sdk/webhooks/secret").json
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.mark.parametrize("ahead", [DAY, -DAY])
def test_a_machine_whose_clock_is_wrong_keeps_the_times_that_were_said(
    machines: Cluster, counter: Caller, ahead: float
) -> None:
    odd = machines.start("counter of another day", ahead).caller
    late = at(counter, odd.run("acme/gated", {"text": f"odd {ahead}", "options": {"deadline": 30}}))
    soon = at(counter, odd.run("acme/gated", {"text": f"soon {ahead}", "options": {"deadline": 0.5}}))
    assert odd.get(soon, prefer="wait=20").json["errorMessage"] == "The run was not done by its deadline."
    assert counter.get(late).json["status"] == "IN_PROGRESS"
    assert counter.send("DELETE", late).status == 200
    flaky = at(counter, odd.run("acme/flaky", {"text": f"flaky {ahead}"}))
    assert counter.get(flaky, prefer="wait=20").json["status"] == "SUCCESS"


def test_the_catalog_is_the_same(hub: Caller, counter: Caller) -> None:
    assert hub.search()["results"] == counter.search()["results"]
