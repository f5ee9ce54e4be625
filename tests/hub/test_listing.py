"""The list of runs: filters, pages, and whose runs they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from aixplain.hub import Hub, ModelError

from .conftest import Answer, Caller, wait_for

gate = threading.Event()


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    """A hub with a run of each kind, the oldest first: finished, failed, canceled, expired, finished at once, started."""
    gate.clear()
    hub = Hub(builtin=False, keys=["mine", "yours"])

    @hub.model("acme/shout")
    def shout(text: str) -> str:
        return text.upper()

    @hub.model("acme/refuse", asynchronous=True)
    def refuse(text: str) -> str:
        raise ModelError("not this text", 495)

    @hub.model("acme/wait", asynchronous=True, concurrency=1, priority=3)
    def wait(text: str) -> str:
        assert gate.wait(20)
        return text

    caller = serve(hub)
    for path, version in (("acme/shout", "v1"), ("acme/refuse", "v2")):
        ended(caller, ask(caller, path, version))
    busy = ask(caller, "acme/wait", "v2")
    caller.send("DELETE", ask(caller, "acme/wait", "v2").json["data"], headers={"x-api-key": "mine"})
    ended(caller, ask(caller, "acme/wait", "v2", deadline=0.01))
    ask(caller, "acme/shout", "v2")
    assert wait_for(lambda: listed(caller, status="started")["total"] == 1)
    assert busy.status == 201
    return caller


def ask(caller: Caller, path: str, version: str, **options: Any) -> Answer:
    body = json.dumps({"text": "x", "options": options}).encode()
    return caller.send("POST", f"/api/{version}/execute/{path}", body, {"x-api-key": "mine"})


def ended(caller: Caller, answer: Answer) -> None:
    while caller.get(answer.json["data"], **{"x-api-key": "mine", "prefer": "wait=9"}).json["completed"] is False:
        pass


def listed(caller: Caller, by: str = "mine", **query: Any) -> Any:
    answer = caller.get(f"/sdk/runs?{urlencode(query, doseq=True)}", **{"x-api-key": by})
    assert answer.status == 200, answer.body
    return answer.json


def states(caller: Caller, **query: Any) -> list[str]:
    return [run["state"] for run in listed(caller, **query)["results"]]


def test_all_runs_are_listed_the_newest_first(caller: Caller) -> None:
    page = listed(caller)
    assert (page["total"], page["pageTotal"], page["pageNumber"]) == (6, 1, 0)
    assert states(caller) == ["finished", "expired", "canceled", "started", "failed", "finished"]


def test_a_run_is_told_with_all_but_what_went_in_and_came_out(caller: Caller) -> None:
    at_once, _, _, goes_on, failed, _ = listed(caller)["results"]
    assert set(at_once) == {
        *("requestId", "model", "status", "state", "url", "createdAt", "startedAt", "endedAt", "expiresAt", "deadline"),
        *("priority", "attempts", "tried", "usedCredits", "usage", "statusCode", "errorMessage"),
    }
    assert (at_once["status"], at_once["attempts"], at_once["usedCredits"], at_once["usage"]) == ("SUCCESS", 1, 0.0, None)
    assert (goes_on["status"], goes_on["priority"], goes_on["endedAt"]) == ("IN_PROGRESS", 3, None)
    assert (failed["status"], failed["statusCode"], failed["errorMessage"]) == ("FAILED", 495, "not this text")
    assert failed["createdAt"] <= failed["startedAt"] <= failed["endedAt"] < failed["expiresAt"]
    assert caller.get(failed["url"], **{"x-api-key": "mine"}).json["errorMessage"] == "not this text"


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("SUCCESS", ["finished", "finished"]),
        ("FAILED", ["expired", "failed"]),
        ("CANCELED", ["canceled"]),
        ("IN_PROGRESS", ["started"]),
        ("expired", ["expired"]),
        ("started,accepted", ["started"]),
        (["canceled", "failed"], ["canceled", "failed"]),
    ],
)
def test_runs_are_found_by_their_status_in_either_words(caller: Caller, status: Any, found: list[str]) -> None:
    assert states(caller, status=status) == found


def test_runs_are_found_by_their_model_under_its_path_and_its_id(caller: Caller) -> None:
    id = caller.get("/v2/models/acme%2Frefuse", **{"x-api-key": "mine"}).json["id"]
    assert states(caller, model="acme/refuse") == states(caller, model=id) == ["failed"]
    assert states(caller, model="acme/nothing") == []
    assert states(caller, model="acme/shout", status="FAILED") == []


def test_runs_are_found_by_when_they_were_accepted(caller: Caller) -> None:
    failed = listed(caller)["results"][4]["createdAt"]
    assert states(caller, until=failed) == ["finished"]
    assert states(caller, since=failed)[-1] == "failed"
    assert states(caller, since=failed.replace("Z", "+00:00"), until="2999-01-01")[-1] == "failed"
    assert states(caller, since="2999-01-01T00:00:00Z") == []
    assert len(states(caller, since="2001-01-01 10:00")) == 6


def test_pages_hold_each_run_once(caller: Caller) -> None:
    pages = [listed(caller, pageSize=4, pageNumber=number) for number in range(3)]
    assert [len(page["results"]) for page in pages] == [4, 2, 0]
    assert [(page["total"], page["pageTotal"], page["pageNumber"]) for page in pages] == [(6, 2, 0), (6, 2, 1), (6, 2, 2)]
    assert len({run["requestId"] for page in pages for run in page["results"]}) == 6


@pytest.mark.parametrize("query", [{"pageSize": 0}, {"pageSize": 10**9}, {"pageNumber": -5}, {"pageNumber": 10**30}])
def test_pages_stay_in_their_bounds(caller: Caller, query: dict[str, int]) -> None:
    assert listed(caller, **query)["total"] == 6


def test_another_key_sees_none_of_them(caller: Caller) -> None:
    assert listed(caller, by="yours") == {"results": [], "total": 0, "pageTotal": 0, "pageNumber": 0}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"status": "done"}, "'done' is no status of a run; there are IN_PROGRESS, SUCCESS, FAILED, CANCELED, accepted"),
        ({"since": "yesterday"}, "since is a time like 2026-03-19T13:27:29Z, or a day, and not 'yesterday'"),
        ({"until": ""}, "until is a time like"),
        ({"pageSize": "all"}, "pageSize is a whole number, and not 'all'"),
        ({"modle": "x"}, "'modle' is no filter of runs; there are status, model"),
    ],
)
def test_a_filter_that_cannot_be_read_is_a_400(caller: Caller, query: dict[str, str], words: str) -> None:
    answer = caller.get(f"/sdk/runs?{urlencode(query)}", **{"x-api-key": "mine"})
    assert (answer.status, answer.json["statusCode"]) == (400, 400)
    assert words in answer.json["message"]


def test_one_run_is_told_as_the_list_tells_it(caller: Caller) -> None:
    for run in listed(caller)["results"]:
        assert caller.get(f"/sdk/runs/{run['requestId']}", **{"x-api-key": "mine"}).json == run


def test_the_run_of_another_key_is_not_there(caller: Caller) -> None:
    run = listed(caller)["results"][0]["requestId"]
    answer = caller.get(f"/sdk/runs/{run}", **{"x-api-key": "yours"})
    assert (answer.status, answer.json["message"]) == (404, f"There is no run '{run}' on this hub.")
