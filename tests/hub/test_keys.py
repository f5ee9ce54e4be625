"""Who may ask: with keys, whoever has one, in either header; without keys, this machine and no page from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aixplain.hub import Hub

from .conftest import Answer, Caller


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
