"""What goes on for a key ends soon after the key was revoked, by whatever process, or has expired."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import key_watch
from aixplain.hub.opening import Place

from .conftest import Caller
from .places import Replica, new_key, served, with_books

CHAT = {"model": "acme/stalls", "messages": [{"role": "user", "content": "hi"}]}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "acme__gated", "arguments": {"text": "hi"}}}
#: What goes on: an address, what is posted there, what comes first, and what comes when the key ends.
OPEN: dict[str, tuple[str, dict[str, Any], bytes, bytes]] = {
    "stream": ("/api/v2/execute/acme/stalls", {"text": "hi", "stream": True}, b'{"data":"hi"}', b'"statusCode":401}'),
    "chat": ("/v1/chat/completions", {**CHAT, "stream": True}, b'"content":"hi"', b'"code":"invalid_api_key"}}'),
    "whole chat": ("/v1/chat/completions", {**CHAT, "model": "acme/gated"}, b"", b"HTTP/1.1 401 "),
    "tool": ("/mcp", CALL, b"", b'"isError":true'),
}


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_watch, "LOOK_SECONDS", 0.1)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.getfixturevalue("database") if request.param == "postgres" else None)


@pytest.fixture
def caller(place: Place) -> Iterator[Caller]:
    with served(place.data, Replica(place.database)) as [caller]:
        yield caller


def revoke(place: Place, id: str) -> None:
    """Revoke a key as `aix keys revoke` does, beside the hub."""
    assert with_books(place, lambda kept: kept.keys.revoke(id, time.time()))


def received(connection: socket.socket, until: bytes) -> bytes:
    answer = b""
    while until not in answer:
        part = connection.recv(65536)
        assert part, answer
        answer += part
    return answer


def begin(caller: Caller, secret: str, path: str, content: dict[str, Any]) -> socket.socket:
    told = {
        "authorization": f"Bearer {secret}",
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
    }
    return caller.begin(path, content, told)


def test_what_goes_on_ends_with_its_key_and_what_others_have_goes_on(place: Place, caller: Caller) -> None:
    key, secret = new_key(place)
    other = new_key(place)[1]
    begun = {name: begin(caller, secret, path, content) for name, (path, content, _, _) in OPEN.items()}
    path, content, first, _ = OPEN["stream"]
    with begin(caller, other, path, content) as others:
        for name, connection in begun.items():
            received(connection, OPEN[name][2])
        received(others, first)
        revoke(place, key.id)
        for name, connection in begun.items():
            assert b"was revoked or has expired" in received(connection, OPEN[name][3]), name
            connection.close()
        others.settimeout(0.3)
        with pytest.raises(TimeoutError):
            others.recv(1000)


def test_a_held_poll_ends_with_its_key(place: Place, caller: Caller) -> None:
    key, secret = new_key(place)
    run = caller.send("POST", "/api/v2/execute/acme/gated", b'{"text": "hi"}', {"x-api-key": secret}).json
    with socket.create_connection(caller.address, timeout=20) as connection:
        path = run["data"].removeprefix(caller.url)
        lines = [f"GET {path} HTTP/1.1", "host: localhost", "prefer: wait=60", f"x-api-key: {secret}", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        time.sleep(0.3)
        revoke(place, key.id)
        assert received(connection, b"}").startswith(b"HTTP/1.1 401 ")


def test_a_stream_ends_when_its_key_expires(place: Place, caller: Caller) -> None:
    _, secret = new_key(place, expires_at=time.time() + 1.5)
    path, content, first, last = OPEN["stream"]
    with begin(caller, secret, path, content) as connection:
        received(connection, first)
        assert json.loads(received(connection, last).partition(b"data: ")[2].partition(b"\n")[0])["status"] == "FAILED"


def test_what_a_fixed_key_asked_for_goes_on(tmp_path: Path) -> None:
    with served(tmp_path, Replica(keys=("fixed",))) as [caller]:
        path, content, first, _ = OPEN["stream"]
        with begin(caller, "fixed", path, content) as connection:
            received(connection, first)
            connection.settimeout(0.5)
            with pytest.raises(TimeoutError):
                connection.recv(1000)
