"""A hub that is killed in the middle of a load, again and again: nothing that it accepted is lost, nothing ends twice."""

from __future__ import annotations

import json
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Caller, wait_for

PROGRAM = """
import asyncio, sys
from aixplain.hub import Hub

hub = Hub(builtin=False)

@hub.model("acme/quick", asynchronous=True)
async def quick(text: str) -> str:
    return text.upper()

@hub.model("acme/threaded", asynchronous=True)
def threaded(text: str) -> str:
    return text.upper()

@hub.model("acme/slow", asynchronous=True)
async def slow(text: str) -> str:
    await asyncio.sleep(0.02)
    return text.upper()

hub.serve(port=0, data=sys.argv[1], on_ready=lambda url: print(url, flush=True))
"""

#: Counts, from outside, how often a run ended.
AUDIT = """
CREATE TABLE endings (run TEXT);
CREATE TRIGGER audit AFTER UPDATE OF state ON runs
WHEN NEW.state NOT IN ('accepted', 'started') BEGIN INSERT INTO endings VALUES (NEW.id); END;
"""

Start = Callable[[], tuple[subprocess.Popen[str], Caller]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def hub(data: Path) -> Iterator[Start]:
    """Starts a hub in a process of its own, over the same folder each time."""
    processes: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], Caller]:
        command = [sys.executable, "-c", PROGRAM, str(data)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert processes[-1].stdout is not None
        return processes[-1], Caller(processes[-1].stdout.readline().strip())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def rows(data: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(data / "hub.sqlite", timeout=20)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def audit(data: Path) -> None:
    connection = sqlite3.connect(data / "hub.sqlite", timeout=20)
    connection.executescript(AUDIT)
    connection.close()


class Load(threading.Thread):
    """Posts runs one after the other on one connection, until the hub is gone; `accepted` has what it was promised."""

    def __init__(self, caller: Caller, label: str) -> None:
        super().__init__()
        self.caller, self.label = caller, label
        self.accepted: dict[str, str] = {}
        self.start()

    def run(self) -> None:
        paths = ["acme/quick", "acme/threaded", "acme/slow"]
        try:
            with socket.create_connection(self.caller.address, timeout=20) as connection:
                while True:
                    text = f"{self.label} {len(self.accepted)}"
                    self.accepted[self.post(connection, random.choice(paths), text)] = text  # noqa: S311
        except OSError:
            """The hub was killed; this post was accepted or not, and nothing was promised."""

    def post(self, connection: socket.socket, path: str, text: str) -> str:
        body = json.dumps({"text": text}).encode()
        head = f"POST /api/v2/execute/{path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        answer = b""
        while not answer.endswith(b"}"):
            received = connection.recv(65536)
            if not received:
                raise ConnectionResetError
            answer += received
        assert answer.startswith(b"HTTP/1.1 201")
        return str(json.loads(answer.partition(b"\r\n\r\n")[2])["requestId"])


def all_over(data: Path) -> bool:
    return rows(data, "SELECT count(*) FROM runs WHERE state IN ('accepted', 'started')") == [(0,)]


def test_over_thousands_of_runs_nothing_accepted_is_lost_and_nothing_ends_twice(hub: Start, data: Path) -> None:
    accepted: dict[str, str] = {}
    rounds = 0
    while len(accepted) < 3000 or rounds < 6:
        process, caller = hub()
        if rounds == 0:
            audit(data)
        loads = [Load(caller, f"{rounds}.{number}") for number in range(6)]
        enough = random.randrange(20, 150)  # noqa: S311 - any moment will do
        assert wait_for(lambda: sum(len(load.accepted) for load in loads) >= enough * 6)  # noqa: B023 - called here
        process.send_signal(signal.SIGKILL)
        process.wait()
        for load in loads:
            load.join(20)
            accepted |= load.accepted
        rounds += 1
    _, caller = hub()
    assert wait_for(lambda: all_over(data))
    ended = {id: (state, json.loads(result)) for id, state, result in rows(data, "SELECT id, state, result FROM runs")}
    assert accepted.keys() <= ended.keys()
    assert {state for state, _ in ended.values()} == {"finished"}
    assert all(ended[id][1]["data"] == text.upper() and ended[id][1]["requestId"] == id for id, text in accepted.items())
    times = Counter(run for (run,) in rows(data, "SELECT run FROM endings"))
    assert times.keys() == ended.keys()
    assert set(times.values()) == {1}
    assert caller.result(f"/sdk/runs/{next(iter(accepted))}/result")["status"] == "SUCCESS"


def test_a_caller_who_sends_again_with_its_key_has_one_run_each_across_the_kills(hub: Start, data: Path) -> None:
    keys = [f"key {number}" for number in range(300)]
    places: dict[str, set[str]] = {key: set() for key in keys}
    rounds = 0
    left = list(keys)
    while left:
        process, caller = hub()
        kill = threading.Timer(random.uniform(0.02, 0.2), process.kill) if rounds < 5 else None  # noqa: S311
        if kill is not None:
            kill.start()
        try:
            while left:
                key = left[-1]
                headers = {"idempotency-key": key}
                answer = caller.send("POST", "/api/v2/execute/acme/quick", json.dumps({"text": key}).encode(), headers)
                assert answer.status == 201
                places[key].add(answer.json["requestId"])
                left.pop()
        except OSError:
            left += random.sample(keys, 20)  # some are sent again that were answered
        process.kill()
        process.wait()
        rounds += 1
    hub()  # which does what is left
    assert wait_for(lambda: all_over(data))
    assert [len(places[key]) for key in keys] == [1] * 300
    assert rows(data, "SELECT count(*), count(DISTINCT key) FROM runs") == [(300, 300)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux changes the limits of another process")
def test_a_disk_without_room_refuses_what_is_new_and_loses_nothing(hub: Start, data: Path) -> None:
    process, caller = hub()
    largest = sum(file.stat().st_size for file in data.iterdir() if file.is_file()) + 400_000
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    accepted: list[str] = []
    refused = 0
    for number in range(2000):
        answer = caller.run("acme/slow", {"text": f"{number} " + "x" * 2000})
        if answer.status == 201:
            accepted.append(answer.json["requestId"])
            continue
        refused += 1
        assert (answer.status, answer.json["statusCode"]) == (503, 503)
        assert "The hub's database can't be written" in answer.json["message"]
        assert "Nothing of this request was kept." in answer.json["message"]
        if refused == 20:
            break
    assert accepted
    assert refused == 20
    assert caller.get("/healthz").status == 200
    assert caller.get(f"/sdk/runs/{accepted[-1]}/result").status == 200
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert wait_for(lambda: all_over(data))
    found = dict(rows(data, "SELECT id, state FROM runs"))
    assert found == dict.fromkeys(accepted, "finished")
    assert caller.run("acme/slow", {"text": "again"}).status == 201
    process.terminate()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
