"""Runs on the wire: at once, accepted and polled, by either address, by either version."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, ModelError, Output, progress

from .conftest import Caller


class Gate:
    """Holds a model until the test lets it go."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def hold(self) -> None:
        self.entered.set()
        assert self.opened.wait(20)

    def close(self) -> None:
        self.entered.clear()
        self.opened.clear()


the_gate = Gate()


@pytest.fixture
def gate() -> Iterator[Gate]:
    the_gate.close()
    yield the_gate
    the_gate.opened.set()


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/shout")
    def shout(text: str, times: int = 1) -> str:
        return text.upper() + "!" * times

    @hub.model("acme/think", asynchronous=True)
    def think(text: str) -> Output:
        progress(0.25)
        the_gate.hold()
        return Output(text[::-1], {"length": len(text)})

    @hub.model("acme/pieces")
    def pieces(text: str) -> Any:
        yield from text

    @hub.model("acme/refuse", asynchronous=True)
    def refuse(text: str) -> str:
        raise ModelError(f"not {text}", 495)

    @hub.model("acme/count")
    def count(text: str) -> Output:
        return Output(len(text), usage=Usage(len(text), 1, len(text) + 1), credits=0.25)

    @hub.model("acme/echo-json")
    def echo(value: dict[str, Any]) -> Any:
        return value

    return serve(hub)


def test_a_sync_model_answers_at_once(caller: Caller) -> None:
    answer = caller.run("acme/shout", {"text": "hi", "times": 2})
    assert answer.status == 200
    envelope = answer.json
    assert (envelope["status"], envelope["completed"], envelope["data"]) == ("SUCCESS", True, "HI!!")
    assert envelope["asset"] == {"assetId": caller.get("/v2/models/acme%2Fshout").json["id"], "id": "acme/shout"}
    assert UUID(envelope["requestId"])
    assert 0 <= envelope["runTime"] < 10
    assert (envelope["usedCredits"], envelope["details"], envelope["rawData"]) == (0.0, [], None)


def test_what_a_run_used_and_cost_is_told_and_noted(caller: Caller) -> None:
    envelope = caller.run("acme/count", {"text": "four"}).json
    usage = {"prompt_tokens": 4, "completion_tokens": 1, "total_tokens": 5}
    assert (envelope["data"], envelope["usage"], envelope["usedCredits"]) == (4, usage, 0.25)
    [noted] = caller.get("/sdk/runs?model=acme/count").json["results"]
    assert (noted["usage"], noted["usedCredits"]) == (usage, 0.25)


def test_a_model_runs_under_its_id_and_its_path_encoded_or_not(caller: Caller) -> None:
    id = caller.get("/v2/models/acme%2Fshout").json["id"]
    for key in (id, "acme/shout", "acme%2Fshout"):
        assert caller.run(key, {"text": "hi"}).json["data"] == "HI!"


def test_what_steers_a_client_is_no_input(caller: Caller) -> None:
    controls = {"timeout": 3, "wait_time": 1, "show_progress": True, "api_key": "secret", "stream": False, "resource_path": "x"}
    answer = caller.run("acme/shout", {"text": "hi", **controls, "options": {"includeRawData": True, "stream": False}})
    assert answer.json["data"] == "HI!"


def test_data_stands_for_the_required_input_and_text_wins(caller: Caller) -> None:
    assert caller.run("acme/shout", {"data": "hi"}).json["data"] == "HI!"
    assert caller.run("acme/shout", {"data": "hi", "text": "ho"}).json["data"] == "HO!"


def test_an_async_model_is_accepted_and_polled_at_both_addresses(caller: Caller, gate: Gate) -> None:
    answer = caller.run("acme/think", {"text": "abc"})
    assert answer.status == 201
    accepted = answer.json
    assert (accepted["status"], accepted["completed"]) == ("IN_PROGRESS", False)
    assert accepted["data"] == f"{caller.url}/sdk/runs/{accepted['requestId']}/result"
    assert gate.entered.wait(20)
    addresses = [accepted["data"], f"{caller.url}/api/v1/data/{accepted['requestId']}"]
    for address in addresses:
        standing = caller.get(address)
        assert standing.status == 200
        assert {**standing.json, "progress": None} == {**accepted, "data": address, "progress": None}
        assert standing.json["progress"] == 0.25
    gate.opened.set()
    for address in addresses:
        envelope = caller.result(address)
        assert (envelope["status"], envelope["completed"], envelope["data"]) == ("SUCCESS", True, "cba")
        assert (envelope["rawData"], envelope["requestId"]) == ({"length": 3}, accepted["requestId"])


def test_a_sync_model_goes_to_the_background_by_v1(caller: Caller) -> None:
    answer = caller.post("/api/v1/execute/acme/shout", {"data": "hi", "times": "3"})
    assert answer.status == 201
    assert caller.result(answer.json["data"])["data"] == "HI!!!"


def test_a_streaming_model_in_the_background_gives_its_pieces_joined(caller: Caller) -> None:
    answer = caller.post("/api/v1/execute/acme/pieces", {"data": "abc", "options": {"stream": True}})
    assert caller.result(answer.json["data"])["data"] == "abc"


def test_a_run_that_fails_in_the_background_says_why_when_it_is_polled(caller: Caller) -> None:
    accepted = caller.run("acme/refuse", {"text": "today"})
    assert accepted.status == 201
    envelope = caller.result(accepted.json["data"])
    assert (envelope["status"], envelope["completed"], envelope["statusCode"]) == ("FAILED", True, 495)
    assert envelope["errorMessage"] == envelope["supplierError"] == "not today"


@pytest.mark.parametrize(
    "value", [{}, {"a": [1, 2.5, None, "x", {"b": True}]}, {"big": 2**70, "text": "日本 \N{GRINNING FACE}\0"}]
)
def test_values_come_through_as_they_are_also_by_way_of_the_database(caller: Caller, value: Any) -> None:
    assert caller.run("acme/echo-json", {"value": value}).json["data"] == value
    accepted = caller.post("/api/v1/execute/acme/echo-json", {"value": value}).json
    assert caller.result(accepted["data"])["data"] == value


def test_many_runs_at_once_each_get_their_own_answer(caller: Caller) -> None:
    answers: dict[int, str] = {}

    def run(number: int) -> None:
        accepted = caller.post("/api/v1/execute/acme/shout", {"data": f"n{number}"}).json
        answers[number] = caller.result(accepted["data"])["data"]

    threads = [threading.Thread(target=run, args=[number]) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"N{number}!" for number in range(24)}


def test_a_slow_model_keeps_nobody_else_waiting(caller: Caller, gate: Gate) -> None:
    waiting = [caller.run("acme/think", {"text": "slow"}).json["data"] for _ in range(8)]
    assert gate.entered.wait(20)
    assert caller.run("acme/shout", {"text": "quick"}).json["data"] == "QUICK!"
    assert "acme/shout" in caller.found(path="acme/")
    gate.opened.set()
    assert [caller.result(address)["data"] for address in waiting] == ["wols"] * 8
