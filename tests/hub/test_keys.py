"""Who may ask: with keys, whoever has one, in either header; without keys, this machine and no page from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aixplain.hub import Hub
from aixplain.hub.opening import Place

from .conftest import Answer, Caller
from .places import Replica, ask, new_key, served, with_books


def refused(answer: Answer) -> str:
    assert (answer.status, answer.json["statusCode"], answer.json["error"]) == (401, 401, "Unauthorized")
    return str(answer.json["message"])


@pytest.fixture(scope="module")
def keyed(serve: Callable[..., Caller]) -> Caller:
    return serve(Hub(builtin=False, keys=["first-key", "second-key"]))


@pytest.mark.parametrize("path", ["/v2/models/x", "/api/v2/execute/x", "/sdk/runs/x/result", "/nowhere"])
def test_a_request_without_a_key_is_a_401(keyed: Caller, path: str) -> None:
    message = refused(keyed.get(path))
    assert "wants a key, and the request has none" in message
    assert "x-api-key" in message


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "wrong"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic first-key"},
        {"x-api-key": "first-key "[:-2]},
        {"x-api-key": "ключ".encode().decode("latin-1")},
        {"x-api-key": "wrong", "authorization": "Bearer first-key"},
    ],
)
def test_a_wrong_key_is_a_401_that_does_not_show_it(keyed: Caller, headers: dict[str, str]) -> None:
    answer = keyed.send("GET", "/v2/models/x", headers=headers)
    assert "Send one of the hub's keys" in refused(answer)
    assert b"wrong" not in answer.body
    assert b"first-key" not in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "first-key"},
        {"x-api-key": "second-key"},
        {"authorization": "Bearer first-key"},
        {"authorization": "token second-key"},
        {"AUTHORIZATION": "bearer first-key"},
    ],
)
def test_each_key_is_taken_in_each_header(keyed: Caller, headers: dict[str, str]) -> None:
    assert keyed.send("GET", "/v2/models/x", headers=headers).status == 404


def test_health_and_files_need_none(keyed: Caller) -> None:
    assert keyed.get("/healthz").json == {"status": "ok"}
    assert keyed.get("/files/nothing/here").status == 404


@pytest.fixture(scope="module")
def keyless(serve: Callable[..., Caller]) -> Caller:
    return serve(Hub(builtin=False))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://127.0.0.1:80@evil.example"},
        {"host": "evil.example"},
        {"host": "localhost.evil.example:8180"},
    ],
)
def test_without_keys_a_page_from_elsewhere_is_a_403(keyless: Caller, headers: dict[str, str]) -> None:
    for method, path in (("POST", "/api/v2/execute/x"), ("GET", "/v2/models/x"), ("PUT", "/files/a/b")):
        answer = keyless.send(method, path, b"{}", headers)
        assert (answer.status, answer.json["statusCode"]) == (403, 403)
        assert "this machine only" in answer.json["message"]
        assert "AIXPLAIN_HUB_KEYS" in answer.json["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost"},
        {"host": "LOCALHOST:8180"},
        {"host": "[::1]:8180"},
        {"host": "127.0.0.1:9"},
        {"origin": "http://localhost:3000"},
    ],
)
def test_without_keys_this_machine_is_let_in_under_each_of_its_names(keyless: Caller, headers: dict[str, str]) -> None:
    assert keyless.send("GET", "/v2/models/x", headers=headers).status == 404


@pytest.mark.parametrize("headers", [{"host": "hub.example"}, {"origin": "https://app.example"}])
def test_with_a_key_any_name_will_do(keyed: Caller, headers: dict[str, str]) -> None:
    assert keyed.send("GET", "/v2/models/x", headers={"x-api-key": "first-key", **headers}).status == 404


def test_a_key_that_is_made_is_good_within_a_second_and_one_that_is_revoked_is_not(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with served(tmp_path, Replica()) as [caller]:
        assert caller.get("/v2/models/acme%2Fshout").status == 200
        key, secret = new_key(place)
        time.sleep(1)
        refused(caller.get("/v2/models/acme%2Fshout"))
        assert ask(caller, secret).status == 200
        with_books(place, lambda kept: kept.keys.revoke(key.id, time.time()))
        time.sleep(1)
        refused(ask(caller, secret))
        assert "wants a key" in refused(caller.get("/v2/models/acme%2Fshout"))  # it doesn't open to all again


def test_a_key_ends_when_it_expires(tmp_path: Path) -> None:
    with served(tmp_path, Replica()) as [caller]:
        _, over = new_key(Place(tmp_path), expires_at=time.time() - 1)
        _, good = new_key(Place(tmp_path), expires_at=time.time() + 60)
        refused(ask(caller, over))
        assert ask(caller, good).status == 200


def test_when_a_key_was_used_is_noted_at_the_latest_when_the_hub_stops(tmp_path: Path) -> None:
    with served(tmp_path, Replica()) as [caller]:
        key, secret = new_key(Place(tmp_path))
        before = time.time()
        ask(caller, secret)
    [found] = with_books(Place(tmp_path), lambda kept: kept.keys.all())
    assert found.id == key.id
    assert found.used_at is not None
    assert before <= found.used_at <= time.time()


def test_keys_of_both_kinds_are_good_side_by_side(tmp_path: Path) -> None:
    with served(tmp_path, Replica(keys=("fixed",))) as [caller]:
        _, secret = new_key(Place(tmp_path))
        assert ask(caller, secret).status == ask(caller, "fixed").status == 200
