"""NUL, other control characters and halves of surrogate pairs are refused or kept, on every database, and never a failure."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from aixplain.hub.opening import Place

from .conftest import Caller
from .places import Replica, new_key, served

ODD = ["%00", "a%00b", "%01", "%7F", "%ED%A0%80", "%FF", "%0D%0A", "%E2%80%AE"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("hub")
    if request.param == "sqlite":
        return Place(folder)
    return Place(folder, request.getfixturevalue("postgres").make_database("odd_characters"))


@pytest.fixture(scope="module")
def caller(place: Place) -> Iterator[Caller]:
    with served(place.data, Replica(place.database)) as [caller]:
        yield caller


@pytest.fixture(scope="module")
def admin(place: Place, caller: Caller) -> dict[str, str]:
    return {"x-api-key": new_key(place, is_admin=True)[1], "content-type": "application/json"}


PATHS = [
    ("GET", "/sdk/runs/{}"),
    ("GET", "/sdk/runs/{}/result"),
    ("DELETE", "/sdk/runs/{}/result"),
    ("POST", "/sdk/runs/{}/retry"),
    ("GET", "/sdk/runs/{}/webhooks"),
    ("GET", "/api/v1/data/{}"),
    ("GET", "/sdk/api-keys/{}"),
    ("PUT", "/sdk/api-keys/{}"),
    ("DELETE", "/sdk/api-keys/{}"),
    ("GET", "/sdk/api-keys/{}/usage-limits"),
    ("GET", "/v2/models/{}"),
    ("GET", "/v1/models/{}"),
    ("POST", "/api/v2/execute/{}"),
    ("GET", "/files/{}/a.txt"),
    ("PUT", "/files/aaaaaaaaaaaaaaaaaaaaaa/{}"),
]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_path_is_unknown(caller: Caller, admin: dict[str, str], odd: str) -> None:
    for method, path in PATHS:
        answer = caller.send(method, path.format(odd), b"{}" if method in ("POST", "PUT") else None, admin)
        assert answer.status == 404, (method, path, answer.body)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "query",
    [
        "/sdk/runs?model={}",
        "/sdk/runs?status={}",
        "/sdk/runs?since={}",
        "/sdk/usage?by={}",
        "/sdk/runs?{}=1",
        "/v2/models/acme%2Fshout?host={}",
    ],
)
def test_an_odd_query_is_refused_or_finds_nothing(caller: Caller, admin: dict[str, str], query: str, odd: str) -> None:
    assert caller.send("GET", query.format(odd), headers=admin).status in (200, 400, 404)


@pytest.mark.parametrize(
    "name",
    [
        "x-api-key",
        "authorization",
        "idempotency-key",
        "x-session-id",
        "x-user-id",
        "x-agent",
        "prefer",
        "x-request-id",
        "mcp-session-id",
    ],
)
@pytest.mark.parametrize("odd", [b"a\0b", b"a\x01b", b"a\x7fb", b"\xed\xa0\x80", b"\xff", b"\xc2\x80"])
def test_an_odd_header_is_refused_or_kept(caller: Caller, admin: dict[str, str], name: str, odd: bytes) -> None:
    body = b'{"text": "a"}'
    told = {"host": b"localhost", "content-length": b"%d" % len(body), "connection": b"close"}
    told |= {"x-api-key": admin["x-api-key"].encode(), name: b"Bearer " + odd if name == "authorization" else odd}
    if name == "authorization":
        del told["x-api-key"]
    head = b"".join(b"%b: %b\r\n" % (each.encode(), value) for each, value in told.items())
    with socket.create_connection(caller.address, timeout=20) as connection:
        connection.sendall(b"POST /api/v2/execute/acme/shout HTTP/1.1\r\n" + head + b"\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status = int(answer.split(b" ")[1])
    assert status in ((400, 401) if name in ("x-api-key", "authorization") else (200, 400)), answer


BODIES: list[tuple[str, Any]] = [
    ("/sdk/api-keys", {"name": "a\0b"}),
    ("/sdk/api-keys", {"name": "a", "models": ["a\0b"]}),
    ("/sdk/api-keys", {"name": "a", "assetsLimits": [{"assetId": "a\0b", "rpm": 1}]}),
    ("/sdk/api-keys", {"name": "a", "expiresAt": "\0"}),
    ("/v2/models/paginate", {"q": "a\0b", "path": "a\0", "suppliers": ["\0"], "functions": ["\0"]}),
    ("/v2/models/facets", {"q": "\0", "hosts": ["\0"], "developers": ["\0"], "status": ["\0"], "sourceLanguages": ["\0"]}),
    ("/api/v2/execute/acme/shout", {"text": "a\0b"}),
    ("/api/v1/execute/acme/shout", {"text": "a\0b"}),
    ("/api/v2/execute/acme/shout", {"text": "a", "a\0b": 1}),
    ("/api/v2/execute/acme/shout", {"text": "a", "options": {"webhookUrl": "https://\0"}}),
    ("/v1/chat/completions", {"model": "a\0b", "messages": [{"role": "user", "content": "a"}]}),
    ("/v1/chat/completions", {"model": "acme/shout", "messages": [{"role": "user", "content": "a\0b"}]}),
    ("/v1/embeddings", {"model": "acme/shout", "input": "a\0b"}),
    ("/sdk/file/upload/temp-url", {"contentType": "a\0b", "originalName": "a\0b"}),
]


@pytest.mark.parametrize(("path", "content"), BODIES)
@pytest.mark.parametrize("odd", ["\0", "\x01", "\x7f", "\u202e", "\ud800"])
def test_odd_text_in_a_body_is_refused_or_kept(
    caller: Caller, admin: dict[str, str], path: str, content: Any, odd: str
) -> None:
    body = json.dumps(content).replace("\\u0000", json.dumps(odd)[1:-1]).encode()
    answer = caller.send("POST", path, body, admin)
    assert answer.status in (200, 201, 400, 404), answer.body
