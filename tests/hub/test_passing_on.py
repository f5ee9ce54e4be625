"""Chunks of a service that speaks OpenAI pass through byte for byte; what they used reaches the stream's end and the ledger."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, ModelError, Output
from aixplain.hub.backends import OnProgress, Piece
from aixplain.hub.catalog import Entry

from .conftest import Caller

#: Spaces and an order of its own, which no encoder here would write.
FIRST = (
    b'data: { "choices":[{"delta":{"content":"hel"}}], "id":"c1"}\n\n'
    b'data: {"id":"c1",  "choices":[{"delta":{"content":"lo"}}]}\n\n'
)
SECOND = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'


class Passing:
    """Passes the same two pieces on, and knows what they used."""

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        raise ModelError("too many of you", 429, retry_after=6.2)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        yield FIRST
        yield SECOND
        yield Output("hello", details=[{"index": 0}], usage=Usage(3, 2, 5), credits=0.25)


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)
    hub.add(Entry("acme/passing", "text-generation", "Passing", "", "acme", Passing(), streams=True))
    return serve(hub)


@pytest.mark.parametrize("raw", [False, True])
def test_events_pass_through_and_the_last_one_tells_what_was_used(caller: Caller, raw: bool) -> None:
    answer = caller.run("acme/passing", {"options": {"stream": True, "raw": raw}})
    assert answer.body.startswith(FIRST + SECOND)
    *_, used, done = answer.events
    assert used["choices"] == []
    assert used["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert used["usedCredits"] == 0.25
    assert done == "[DONE]"


def test_the_ledger_has_the_tokens_and_credits_of_a_stream(caller: Caller) -> None:
    caller.run("acme/passing", {"stream": True})
    newest = caller.get("/sdk/runs?model=acme/passing&status=finished").json["results"][0]
    assert (newest["usage"]["prompt_tokens"], newest["usage"]["completion_tokens"], newest["usedCredits"]) == (3, 2, 0.25)


def test_a_stream_that_comes_again_with_its_key_is_the_whole_answer(caller: Caller) -> None:
    body, headers = b'{"stream": true}', {"idempotency-key": "the same"}
    caller.send("POST", "/api/v2/execute/acme/passing", body, headers)
    again = caller.send("POST", "/api/v2/execute/acme/passing", body, headers).json
    assert (again["data"], again["details"], again["usage"]["total_tokens"]) == ("hello", [{"index": 0}], 5)


def test_who_is_turned_away_is_told_when_to_come_again_and_may_with_the_same_key(caller: Caller) -> None:
    for _ in range(2):
        answer = caller.send("POST", "/api/v2/execute/acme/passing", b"{}", {"idempotency-key": "turned away"})
        assert answer.status == 429
        assert answer.headers["retry-after"] == "7"
        assert answer.json["message"] == "too many of you"
    found = caller.get("/sdk/runs?model=acme/passing&status=failed").json
    assert [run["statusCode"] for run in found["results"]] == [429, 429]
