"""A hub that has as much as it may refuses more with a sentence, and stays one that answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain.hub import Hub, Settings

from .conftest import Answer, Caller, wait_for

gate = threading.Event()


@pytest.fixture
def caller(serve: Callable[..., Caller]) -> Iterator[Caller]:
    gate.clear()
    hub = Hub(builtin=False, settings=Settings(longest_queue=2, most_streams=1))

    @hub.model("acme/slow", asynchronous=True, concurrency=1)
    def slow(text: str) -> str:
        assert gate.wait(20)
        return text

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        yield text
        if text == "wait":
            assert gate.wait(20)

    yield serve(hub)
    gate.set()


def ask(caller: Caller, model: str, inputs: dict[str, Any], key: str | None = None) -> Answer:
    headers = {} if key is None else {"idempotency-key": key}
    return caller.send("POST", f"/api/v2/execute/acme/{model}", json.dumps(inputs).encode(), headers)


def test_a_run_beyond_those_that_may_wait_is_a_503_and_one_that_was_accepted_is_known(caller: Caller) -> None:
    accepted = [ask(caller, "slow", {"text": str(number)}, f"key-{number}") for number in range(3)]
    assert [each.status for each in accepted] == [201, 201, 201]
    refused = ask(caller, "slow", {"text": "3"}, "key-3")
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.json["message"].startswith("The hub has 2 runs waiting, and takes no more until some of them are done.")
    assert ask(caller, "slow", {"text": "2"}, "key-2").json == accepted[2].json
    assert ask(caller, "slow", {"text": "other"}, "key-2").status == 409
    gate.set()
    assert [caller.result(each.json["data"])["data"] for each in accepted] == ["0", "1", "2"]
    assert ask(caller, "slow", {"text": "3"}, "key-3").status == 201


def test_a_stream_beyond_those_that_may_be_open_is_a_503_and_an_answer_that_was_given_is_known(caller: Caller) -> None:
    whole = {"text": "whole", "stream": True}
    assert ask(caller, "pieces", whole, "key").events[-1] == "[DONE]"
    with caller.connect("acme/pieces", {"text": "wait", "stream": True}) as stream:
        assert b"200 OK" in stream.recv(1000)
        refused = ask(caller, "pieces", whole)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert refused.json["message"].startswith("The hub answers 1 requests in pieces")
        assert ask(caller, "pieces", whole, "key").json["data"] == "whole"
        assert ask(caller, "pieces", {"text": "at once"}).status == 200
    gate.set()
    assert wait_for(lambda: ask(caller, "pieces", whole).status == 200)


@pytest.mark.parametrize("wrong", [{"most_streams": -1}, {"keep_alive": float("nan")}, {"grace": float("inf")}])
def test_a_setting_that_makes_no_sense_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is a number from 0"):
        Settings(**wrong)
