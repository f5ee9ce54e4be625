"""A request that holds more than any needs is refused with what the limit is; what it holds is not worked on before."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from aixplain.hub import Hub, Settings
from aixplain.hub.endpoints.sizes import count_values

from .conftest import Answer, Caller

RUN, CHAT, MCP, SEARCH = "/api/v2/execute/acme/say", "/v1/chat/completions", "/mcp", "/v2/models/paginate"
MANY = 300_000
LISTS = b"[" + b",".join([b"[]"] * MANY) + b"]"


@pytest.fixture(scope="module")
def hub(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/say")
    def say(text: str, numbers: list[float] | None = None) -> str:
        return text[:10]

    return serve(hub)


def post(hub: Caller, path: str, body: bytes) -> Answer:
    return hub.send("POST", path, body, {"content-type": "application/json", "accept": "application/json, text/event-stream"})


@pytest.mark.parametrize(
    "path", [RUN, "/api/v1/execute/acme/say", CHAT, "/v1/embeddings", MCP, SEARCH, "/v2/models/facets", "/sdk/api-keys"]
)
def test_more_values_than_may_be_are_a_413(hub: Caller, path: str) -> None:
    answer = post(hub, path, b'{"text":"a","x":' + LISTS + b"}")
    assert answer.status == 413
    assert b"more than 250,000 JSON values (most_values)" in answer.body


def test_commas_in_a_text_are_not_values(hub: Caller) -> None:
    assert hub.run("acme/say", {"text": '",[{' * 200_000}).json["data"] == '",[{",[{",'


def test_a_limit_may_be_set(serve: Callable[..., Caller]) -> None:
    hub = serve(Hub(builtin=False, settings=Settings(most_values=100_000)))
    assert post(hub, "/api/v2/execute/acme/nothing", b'{"x":[' + b"1," * 120_000 + b"1]}").status == 413
    assert post(hub, "/api/v2/execute/acme/nothing", b'{"x":[' + b"1," * 80_000 + b"1]}").status == 404


@pytest.mark.parametrize("path", [RUN, CHAT])
def test_more_names_than_inputs_are_a_400(hub: Caller, path: str) -> None:
    answer = post(hub, path, json.dumps({"text": "a", **{f"s{number}": 1 for number in range(100_000)}}).encode())
    assert answer.status == 400
    assert b"100,001 names, and a run has 1,000 inputs at most" in answer.body


@pytest.mark.parametrize("path", [RUN, CHAT])
def test_a_name_that_is_too_long_is_a_400(hub: Caller, path: str) -> None:
    answer = post(hub, path, json.dumps({"text": "a", "x" * 5_000_000: 1}).encode())
    assert answer.status == 400
    assert len(answer.body) < 1000


def test_some_unknown_names_are_told_and_the_others_counted(hub: Caller) -> None:
    message = hub.run("acme/say", {"text": "a", **{f"s{number}": 1 for number in range(500)}}).json["message"]
    assert message.count("not found") == 11
    assert message.endswith("and 490 more names are not found")


@pytest.mark.parametrize("path", [RUN, CHAT, SEARCH, MCP])
def test_nested_json_is_a_400(hub: Caller, path: str) -> None:
    assert post(hub, path, b'{"text":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}").status == 400


@pytest.mark.parametrize(
    "wanted",
    [{"q": "ab " * 100_000}, {"path": "a" * 100_000}, {"suppliers": ["a" * 100_000]}, {"sort": [{"field": "a" * 100_000}]}],
    ids=["text", "path", "filter", "sort"],
)
@pytest.mark.parametrize("path", [SEARCH, "/v2/models/facets"])
def test_a_search_for_more_than_any_text_is_a_400(hub: Caller, path: str, wanted: dict[str, Any]) -> None:
    if path != SEARCH and "sort" in wanted:
        pytest.skip("facets have no order")
    answer = post(hub, path, json.dumps({"pageNumber": 0, "pageSize": 10, "sort": [{}], **wanted}).encode())
    assert answer.status == 400
    assert len(answer.body) < 1000


def test_a_model_with_a_name_of_megabytes_is_a_404_that_does_not_repeat_it(hub: Caller) -> None:
    answer = post(hub, CHAT, json.dumps({"model": "x" * 5_000_000, "messages": [{"role": "user", "content": "a"}]}).encode())
    assert answer.status == 404
    assert len(answer.body) < 10_000


def test_a_wrong_value_of_megabytes_is_told_by_its_beginning(hub: Caller) -> None:
    answer = hub.run("acme/say", {"text": "a", "numbers": ["x" * 5_000_000] * 2})
    assert answer.status == 400
    assert len(answer.body) < 1000


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_a_large_form_is_a_413_that_is_heard_by_who_is_sending(hub: Caller, connection: str) -> None:
    form = urlencode([("a", str(number)) for number in range(1_000_000)]).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "connection": connection}
    answer = hub.send("POST", "/sdk/file/upload/temp-url", form, headers)
    assert answer.status == 413


@pytest.mark.parametrize(
    ("body", "values"),
    [(b"{}", 1), (b'{"a": 1}', 1), (b'["\\"", "]"]', 2), (b'["\\\\", [], {}]', 5), (b'["open, ', 1), (b"", 0)],
)
def test_marks_outside_strings_are_counted(body: bytes, values: int) -> None:
    assert count_values(body, 100) == values


def test_counting_ends_with_the_limit() -> None:
    assert count_values(b'["a",' * 1000, 10) == 11
