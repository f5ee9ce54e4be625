"""Every refusal has the protocol's shape, says what is wrong and what to do, and leaves the hub as it was."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from aixplain.hub import Hub

from .conftest import Answer, Caller


def refused(answer: Answer, status: int, *words: str) -> None:
    assert (answer.status, answer.json["statusCode"]) == (status, status)
    assert set(answer.json) == {"statusCode", "message", "error"}
    assert answer.headers["content-type"] == "application/json"
    for word in words:
        assert word in answer.json["message"]


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/add")
    def add(first: int, second: int = 1, note: str | None = None) -> int:
        return first + second

    return serve(hub)


@pytest.mark.parametrize("path", ["//", "/v2", "/v2/models", "/v2/v2/models/x", "/healthz//", "/sdk/run", "/favicon.ico"])
def test_an_unknown_address_is_a_404_that_tells_the_known_ones(caller: Caller, path: str) -> None:
    refused(caller.get(path), 404, f"There is nothing at {path}", "/v2/models", "/api/v2/execute")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v2/execute/acme/add", "POST"),
        ("DELETE", "/v2/models/acme%2Fadd", "GET"),
        ("PUT", "/v2/models/paginate", "POST"),
        ("PATCH", "/healthz", "GET"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_one(caller: Caller, method: str, path: str, allowed: str) -> None:
    answer = caller.send(method, path)
    refused(answer, 405, f"{method} is not for", allowed)
    assert allowed in answer.headers["allow"]


NO_OBJECTS = (b"{", b"text", b"[]", b"null", b'"text"', b"7", b'{"a": "\xff"}', b'{"a": NaN}', b'{"a": 1e999}')
TOO_DEEP = (b"[" * 100_000, b'{"a":' * 9999)


@pytest.mark.parametrize("body", [*NO_OBJECTS, *TOO_DEEP])
@pytest.mark.parametrize("path", ["/api/v2/execute/acme/add", "/api/v1/execute/acme/add", "/sdk/file/upload/temp-url"])
def test_a_body_that_is_no_json_object_is_a_400(caller: Caller, path: str, body: bytes) -> None:
    refused(caller.send("POST", path, body), 400, "The body is not what this address takes: ")


def test_a_body_that_is_too_large_is_a_413_whether_it_is_announced_or_not(caller: Caller) -> None:
    large = b'{"note": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    refused(caller.send("POST", "/api/v2/execute/acme/add", large), 413, "larger than 10 MB", "send files up")
    pieces = (large[start : start + 65536] for start in range(0, len(large), 65536))
    refused(caller.send("POST", "/api/v2/execute/acme/add", pieces), 413, "larger than 10 MB")  # type: ignore[arg-type]
    assert caller.run("acme/add", {"first": 1}).json["data"] == 2


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "Parameter validation failed: Required parameter 'first' is missing"),
        ({"first": None}, "Required parameter 'first' is missing"),
        ({"first": "many"}, "Parameter 'first' has invalid type. Expected text, got str"),
        ({"first": True}, "Parameter 'first' has invalid type. Expected text, got bool"),
        ({"first": [1]}, "Parameter 'first' has invalid type. Expected text, got list"),
        ({"first": {}}, "Parameter 'first' has invalid type. Expected text, got dict"),
        ({"first": 1, "note": 2}, "Parameter 'note' has invalid type. Expected text, got int"),
        ({"first": "x", "second": "y"}, "Expected text, got str ('x' is no number); Parameter 'second'"),
        ({"first": 1, "secnd": 2}, "Parameter 'secnd' not found (did you mean 'second'?)"),
        ({"first": 1, "zebra": 2}, "Parameter 'zebra' not found (there are: "),
        ({"first": 1, "options": "stream"}, "'options' holds switches"),
        ({"first": 1, "options": ["stream"]}, "'options' holds switches"),
        ({"first": 1, "options": {"stream": "yes"}}, "'options' holds switches"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_inputs_that_are_wrong_are_a_400_and_no_run(caller: Caller, version: str, inputs: Any, words: str) -> None:
    refused(caller.post(f"/api/{version}/execute/acme/add", inputs), 400, words)


@pytest.mark.parametrize("asked", [{"stream": True}, {"options": {"stream": True}}])
def test_a_stream_of_a_model_that_has_none_is_a_400(caller: Caller, asked: Any) -> None:
    refused(caller.run("acme/add", {"first": 1, **asked}), 400, "Model 'Add' (id=", ") does not support streaming.")


def test_an_unknown_model_is_a_404_before_its_inputs_are_looked_at(caller: Caller) -> None:
    refused(caller.run("acme/ad", {"zebra": 1}), 404, "There is no model 'acme/ad' on this hub", "did you mean 'acme/add'")
    refused(caller.post("/api/v1/execute/nothing", {}), 404, "There is no model 'nothing'")


@pytest.mark.parametrize("path", ["/sdk/runs/{}/result", "/api/v1/data/{}"])
@pytest.mark.parametrize("run", ["nothing", "00000000-0000-4000-8000-000000000000", "%F0%9F%98%80"])
def test_an_unknown_run_is_a_404_and_never_in_progress(caller: Caller, path: str, run: str) -> None:
    refused(caller.get(path.format(run)), 404, "There is no run")


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_the_hub(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(caller.address) as connection:
        connection.sendall(b"POST /api/v2/execute/acme/add HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
    assert caller.run("acme/add", {"first": 1}).json["data"] == 2
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
