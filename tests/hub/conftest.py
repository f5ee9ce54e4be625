"""Hubs that really run, and a caller that speaks bare HTTP to them, so that nothing of the SDK hides what a hub answers."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

import pytest

from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start


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

    def __init__(self, url: str) -> None:
        self.url = url
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
        while (envelope := self.get(poll_address).json)["status"] == "IN_PROGRESS":
            pass
        return envelope

    def connect(self, path: str, inputs: dict[str, Any], headers: dict[str, str] | None = None) -> socket.socket:
        """A connection on which a run was asked for; close it to go away."""
        body = json.dumps(inputs).encode()
        connection = socket.create_connection(self.address, timeout=30)
        told = {"host": "localhost", "content-length": str(len(body)), **(headers or {})}
        lines = [f"POST /api/v2/execute/{path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        head = "\r\n".join([*lines, "", ""])
        connection.sendall(head.encode() + body)
        return connection


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
