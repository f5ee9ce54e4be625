"""Hubs and workers that share a PostgreSQL: whichever of them is asked, it is one hub."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from bench.postgres_server import PostgresServer

from aixplain.hub.embedded import start
from aixplain.hub.store.postgres import claims

from .conftest import Answer, Caller, states, wait_for
from .machines import Cluster, cluster
from .places import Replica, served, shout
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


async def execute(database: str, statement: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(statement)
    await connection.close()


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
    address = at(hub, counter.run("acme/gated", {"text": "late", "options": {"deadline": 1.5}}))
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


def test_a_request_that_a_stopping_hub_cuts_off_frees_its_key(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE", 3600.0)
    begun = threading.Event()

    async def wait(text: str) -> str:
        begun.set()
        await asyncio.sleep(60)
        return text

    stopping = Replica(database)
    stopping.model("acme/shout-late")(wait)
    other = Replica(database)
    other.model("acme/shout-late")(shout)
    with served(tmp_path, other) as [caller], ThreadPoolExecutor(1) as thread:
        running = start(tmp_path / "stopping", stopping)
        cut = thread.submit(keyed, Caller(running.url), "acme/shout-late", {"text": "hi"}, "k")
        assert begun.wait(30)
        running.close()
        assert cut.result().status == 503
        assert keyed(caller, "acme/shout-late", {"text": "hi"}, "k").json["data"] == "HI"
        assert states(caller, "acme/shout-late") == ["finished", "canceled"]


def test_a_stream_has_one_reader_on_all_hubs(hub: Caller, counter: Caller, machines: Cluster) -> None:
    inputs: dict[str, object] = {"text": "n", "stream": True}
    with hub.connect("acme/count", inputs, {"idempotency-key": "stream"}) as connection:
        came = received_until(connection, b"n0")
        assert keyed(counter, "acme/count", inputs, "stream").status == 409
        (machines.folder / "read n").touch()
        assert b"n2" in received_until(connection, b"[DONE]")
    assert came.startswith(b"HTTP/1.1 200")
    assert wait_for(lambda: keyed(counter, "acme/count", inputs, "stream").json["data"] == "n0 n1 n2 ")


def test_a_key_that_a_dead_hub_held_is_free_soon(machines: Cluster, counter: Caller) -> None:
    inputs: dict[str, object] = {"text": "m", "stream": True}
    dying = machines.start("dying")
    with dying.caller.connect("acme/count", inputs, {"idempotency-key": "dead"}) as connection:
        received_until(connection, b"m0")
        dying.kill()
    assert keyed(counter, "acme/count", inputs, "dead").status == 409
    (machines.folder / "read m").touch()
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


@pytest.fixture
def lose_connections(machines: Cluster) -> Callable[[], None]:
    """Ends every connection to the database."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'machines' AND pid <> pg_backend_pid()"
    return lambda: asyncio.run(execute(machines.database, ended))


def test_connections_that_are_lost_are_made_again(
    hub: Caller, counter: Caller, machines: Cluster, lose_connections: Callable[[], None]
) -> None:
    address = at(hub, counter.run("acme/gated", {"text": "lost"}))
    assert wait_for(lambda: len(machines.noted("lost")) == 1)
    held: list[Answer] = []
    poll = threading.Thread(target=lambda: held.append(counter.get(address, prefer="wait=20")))
    poll.start()
    assert wait_for(lambda: b"aixplain_hub_polls_held 1.0\n" in counter.get("/metrics").body)
    lose_connections()
    (machines.folder / "go").touch()
    poll.join()
    (machines.folder / "go").unlink()
    assert held[0].json["data"].startswith("lost by"), "nobody was told, and it was looked for"
    assert machines.noted("lost") == [f"begun by {held[0].json['data'].removeprefix('lost by ')}"]
    assert wait_for(lambda: counter.run("acme/quick", {"text": "again"}).status == 201)


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


def test_a_file_is_there_for_whoever_runs_the_model(hub: Caller, counter: Caller) -> None:
    content = b"0123456789" * 250_000
    announced = counter.post("/sdk/file/upload/temp-url", {"originalName": "a letter.txt"}).json
    assert counter.send("PUT", announced["uploadUrl"], content).status == 200
    assert counter.send("PUT", announced["uploadUrl"], content).status == 200
    assert hub.send("PUT", announced["key"].join(["/files/", ""]), b"other").status == 409
    assert hub.get(f"/files/{announced['key']}").body == content
    runs = [counter.run("acme/size", {"document": announced["downloadUrl"]}) for _ in range(10)]
    said = {counter.get(at(counter, answer), prefer="wait=20").json["data"] for answer in runs}
    assert {each.rpartition(" by ")[0] for each in said} == {"a letter.txt 2500000"}
    assert (
        counter.run("acme/size-at-once", {"document": announced["downloadUrl"]}).json["data"]
        == "a letter.txt 2500000 by counter"
    )


def test_a_file_that_never_was_or_is_too_large_is_refused(hub: Caller, counter: Caller) -> None:
    assert counter.run("acme/size", {"document": "http://hub/files/aaaaaaaaaaaaaaaaaaaaaa/x"}).status == 492
    assert counter.get("/files/aaaaaaaaaaaaaaaaaaaaaa/x").status == 404
    assert counter.send("PUT", "/files/aaaaaaaaaaaaaaaaaaaaaa/x", b"x").status == 404
    half = counter.post("/sdk/file/upload/temp-url", {"originalName": "half.bin"}).json["uploadUrl"]
    with socket.create_connection(counter.address) as connection:
        path = half.removeprefix(counter.url)
        connection.sendall(f"PUT {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\nhalf".encode())
    assert hub.get(path).status == 404
    assert counter.run("acme/size", {"document": half}).status == 492
    assert hub.send("PUT", path, b"whole").status == 200
