"""Hubs that really run, and a caller that speaks bare HTTP to them, so that nothing of the SDK hides what a hub answers."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aixplain.hub import Hub
from aixplain.hub.declarations import Spec, declared
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.hub.store.sqlite.declared import SqliteDeclared
from aixplain.hub.store.sqlite.file import SqliteStore


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of each event of a stream, decoded when it is JSON."""
        data = [event.removeprefix(b"data: ") for event in self.body.split(b"\n\n") if event]
        return [each.decode() if each == b"[DONE]" else json.loads(each) for each in data]


class Caller:
    """Sends one request a connection."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url = url
        self.folder = folder
        parts = urlsplit(url)
        self.address = (parts.hostname or "", parts.port or 0)

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = HTTPConnection(*self.address, timeout=30)
        try:
            connection.request(method, path.removeprefix(self.url), body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, content: Any) -> Answer:
        return self.send("POST", path, json.dumps(content).encode(), {"content-type": "application/json"})

    def search(self, **wanted: Any) -> Any:
        """A page of the catalog."""
        answer = self.post("/v2/models/paginate", {"pageNumber": 0, "pageSize": 100, "sort": [{}], **wanted})
        assert answer.status == 200, answer.body
        return answer.json

    def found(self, **wanted: Any) -> list[str]:
        """The paths of the models on a page, in its order."""
        return [model["assetInfo"]["assetPath"] for model in self.search(**wanted)["results"]]

    def run(self, path: str, inputs: Any) -> Answer:
        return self.post(f"/api/v2/execute/{path}", inputs)

    def result(self, poll_address: str) -> Any:
        """The envelope that a run ends with."""
        while (envelope := self.get(poll_address, prefer="wait=5").json)["status"] == "IN_PROGRESS":
            """It is held until then."""
        return envelope

    def connect(self, path: str, inputs: dict[str, Any], headers: dict[str, str] | None = None) -> socket.socket:
        """A connection on which a run was asked for; close it to go away."""
        return self.begin(f"/api/v2/execute/{path}", inputs, headers)

    def begin(self, address: str, inputs: dict[str, Any], headers: dict[str, str] | None = None) -> socket.socket:
        """A connection on which something was posted; close it to go away."""
        body = json.dumps(inputs).encode()
        connection = socket.create_connection(self.address, timeout=30)
        told = {"host": "localhost", "content-length": str(len(body)), **(headers or {})}
        lines = [f"POST {address} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        head = "\r\n".join([*lines, "", ""])
        connection.sendall(head.encode() + body)
        return connection


def states(caller: Caller, model: str) -> list[str]:
    """How the runs of a model stand, the newest first."""
    return [run["state"] for run in caller.get(f"/sdk/runs?model={model}").json["results"]]


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether it comes true, in good time."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Caller]]:
    """Starts a hub and gives a caller of it: `serve(hub)`. The module's hubs end together."""
    running: list[EmbeddedHub] = []

    def start_one(hub: Hub) -> Caller:
        running.append(start(tmp_path_factory.mktemp("hub"), hub))
        running[-1].wait_until_ready()
        return Caller(running[-1].url)

    yield start_one
    for each in running:
        each.close()


@pytest.fixture(scope="module")
def serve_declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Caller]]:
    """As `serve`, with declarations in the hub's database: `serve_declared(hub, spec, …)`."""
    running: list[EmbeddedHub] = []

    def start_one(hub: Hub, *specs: Spec) -> Caller:
        folder = tmp_path_factory.mktemp("hub")
        declare(folder, *specs)
        running.append(start(folder, hub))
        running[-1].wait_until_ready()
        return Caller(running[-1].url, folder)

    yield start_one
    for each in running:
        each.close()


def declare(folder: Path, *specs: Spec) -> None:
    """Declare these in a hub's database."""
    with closing(SqliteStore(folder / "hub.sqlite")) as store:
        asyncio.run(SqliteDeclared(store).put([declared(spec) for spec in specs]))
