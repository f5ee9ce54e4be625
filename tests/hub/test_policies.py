"""How models are run: as often at once as they allow, for as long as they may, again when they fail, the urgent ones first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub, ModelError
from aixplain.hub.catalog import Policy
from aixplain.hub.embedded import start
from aixplain.hub.engine import attempts

from .conftest import Answer, Caller, wait_for


class Scene:
    """What the models did, and a gate in them."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.said: list[str] = []
        self.now = self.most = 0

    def enter(self, text: str) -> None:
        with self.lock:
            self.said.append(text)
            self.now += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self.lock:
            self.now -= 1

    def hold(self, text: str) -> str:
        self.enter(text)
        assert self.go.wait(20)
        self.leave()
        return text.upper()


the_scene = Scene()
#: Seconds in which what is begun does begin, on a machine with much to do too.
ENOUGH = 1.0


@pytest.fixture
def scene() -> Iterator[Scene]:
    """One of each test's own: what an earlier one left behind ends in that one's."""
    global the_scene
    the_scene = Scene()
    yield the_scene
    the_scene.go.set()


def models() -> Hub:
    hub = Hub(builtin=False)

    @hub.model("acme/two", concurrency=2)
    def two(text: str) -> str:
        return the_scene.hold(text)

    @hub.model("acme/one", concurrency=1, asynchronous=True)
    def one(text: str) -> str:
        return the_scene.hold(text)

    @hub.model("acme/one-coroutine", concurrency=1)
    async def one_coroutine(text: str) -> str:
        scene = the_scene
        scene.enter(text)
        await asyncio.sleep(0.01)
        scene.leave()
        return text

    @hub.model("acme/one-stream", concurrency=1)
    def one_stream(text: str) -> Iterator[str]:
        scene = the_scene
        scene.enter(text)
        yield text
        yield scene.hold(text)
        scene.leave()

    @hub.model("acme/free", asynchronous=True)
    def free(text: str) -> str:
        return text.upper()

    @hub.model("acme/slow", timeout=ENOUGH)
    def slow(text: str) -> str:
        scene = the_scene
        scene.said.append(text)
        assert scene.go.wait(20)
        scene.said.append("over")
        return text

    @hub.model("acme/slow-coroutine", timeout=0.05, asynchronous=True)
    async def slow_coroutine(text: str) -> str:
        await asyncio.sleep(20)
        return text

    @hub.model("acme/slow-stream", timeout=ENOUGH)
    async def slow_stream(text: str) -> AsyncIterator[str]:
        scene = the_scene
        try:
            yield text
            await asyncio.sleep(20)
        finally:
            scene.said.append("closed")

    @hub.model("acme/own-timeout", timeout=10)
    async def own_timeout(text: str) -> str:
        raise TimeoutError("its own")

    @hub.model("acme/flaky", retries=3, retry_wait=0.01)
    def flaky(text: str) -> str:
        the_scene.said.append(text)
        if len(the_scene.said) < 3:
            raise ConnectionError("not yet")
        return text.upper()

    @hub.model("acme/hopeless", retries=2, retry_wait=0.01)
    def hopeless(text: str) -> str:
        the_scene.said.append(text)
        raise ModelError("the supplier is down", 502)

    @hub.model("acme/fussy", retries=5, retry_wait=0.01)
    def fussy(text: str) -> str:
        the_scene.said.append(text)
        raise ModelError("not this text")

    @hub.model("acme/patient", retries=1, retry_wait=20, asynchronous=True)
    def patient(text: str) -> str:
        the_scene.said.append(text)
        raise ConnectionError("not yet")

    for name, priority in (("low", -1), ("plain", 0), ("high", 7)):

        @hub.model(f"acme/{name}", asynchronous=True, priority=priority)
        def prior(text: str) -> str:
            the_scene.said.append(text)
            return text

    return hub


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    return serve(models())


def background(caller: Caller, path: str, text: str, **options: Any) -> str:
    """The poll address of a run in the background."""
    answer = caller.post(f"/api/v1/execute/{path}", {"text": text, "options": options})
    assert answer.status == 201, answer.body
    return str(answer.json["data"])


def in_threads(call: Callable[[], Answer], times: int) -> tuple[list[threading.Thread], list[Answer]]:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(call())) for _ in range(times)]
    for thread in threads:
        thread.start()
    return threads, answers


# --- Concurrency ----------------------------------------------------------------------------------


def test_a_model_runs_as_often_at_once_as_it_allows_whichever_way_it_is_asked(caller: Caller, scene: Scene) -> None:
    addresses = [background(caller, "acme/two", "x") for _ in range(5)]
    threads, answers = in_threads(lambda: caller.run("acme/two", {"text": "x"}), 5)
    assert wait_for(lambda: scene.now == 2)
    assert caller.result(background(caller, "acme/free", "others go on"))["data"] == "OTHERS GO ON"
    scene.go.set()
    assert [caller.result(address)["data"] for address in addresses] == ["X"] * 5
    for thread in threads:
        thread.join(20)
    assert [answer.json["data"] for answer in answers] == ["X"] * 5
    assert (len(scene.said), scene.most) == (10, 2)


def test_a_coroutine_too(caller: Caller, scene: Scene) -> None:
    addresses = [background(caller, "acme/one-coroutine", "x") for _ in range(10)]
    assert [caller.result(address)["data"] for address in addresses] == ["x"] * 10
    assert scene.most == 1


def test_a_stream_too_and_a_reader_who_leaves_gives_way(caller: Caller, scene: Scene) -> None:
    scene.go.set()
    with caller.connect("acme/one-stream", {"text": "x", "stream": True}) as first:
        assert b"200 OK" in first.recv(1000)
    assert caller.run("acme/one-stream", {"text": "y", "stream": True}).events[-1] == "[DONE]"


def test_a_thread_that_nobody_waits_for_holds_its_turn_until_it_is_back(caller: Caller, scene: Scene) -> None:
    address = background(caller, "acme/one", "first")
    assert wait_for(lambda: scene.said == ["first"])
    assert caller.send("DELETE", address).json["status"] == "CANCELED"
    second = background(caller, "acme/one", "second")
    assert caller.get(second, prefer="wait=1").json["status"] == "IN_PROGRESS"
    assert scene.said == ["first"]
    scene.go.set()
    assert caller.result(second)["data"] == "SECOND"
    assert scene.most == 1


def test_a_caller_who_waits_for_a_turn_and_goes_away_is_passed_over(caller: Caller, scene: Scene) -> None:
    addresses = [background(caller, "acme/two", "x") for _ in range(2)]
    assert wait_for(lambda: scene.now == 2)
    threads, answers = in_threads(
        lambda: caller.post("/api/v2/execute/acme/two", {"text": "late", "options": {"deadline": 0.05}}), 1
    )
    threads[0].join(20)
    assert (answers[0].json["status"], answers[0].json["statusCode"]) == ("FAILED", 504)
    scene.go.set()
    assert [caller.result(address)["data"] for address in addresses] == ["X"] * 2
    assert caller.run("acme/two", {"text": "y"}).json["data"] == "Y"
    assert "late" not in scene.said


def test_of_what_waits_the_model_with_the_highest_priority_goes_first(
    tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "SLOTS", 1)
    hub = start(tmp_path, models())
    caller = Caller(hub.url)
    gate = background(caller, "acme/one", "gate")
    assert wait_for(lambda: scene.said == ["gate"])
    addresses = [
        background(caller, f"acme/{name}", f"{name} {number}") for number in (1, 2) for name in ("low", "plain", "high")
    ]
    scene.go.set()
    for address in [gate, *addresses]:
        caller.result(address)
    hub.close()
    assert scene.said == ["gate", "high 1", "high 2", "plain 1", "plain 2", "low 1", "low 2"]


# --- Timeouts -------------------------------------------------------------------------------------


def is_too_long(envelope: Any, path: str) -> bool:
    assert envelope["errorMessage"] == f"Model '{path}' took longer than it may and was stopped."
    return (envelope["status"], envelope["statusCode"]) == ("FAILED", 504)


def test_a_model_that_takes_too_long_is_stopped(caller: Caller, scene: Scene) -> None:
    assert is_too_long(caller.run("acme/slow", {"text": "x"}).json, "acme/slow")
    assert scene.said == ["x"]
    assert is_too_long(caller.result(background(caller, "acme/slow-coroutine", "x")), "acme/slow-coroutine")
    scene.go.set()
    assert wait_for(lambda: scene.said == ["x", "over"])


def test_a_stream_that_takes_too_long_is_closed_and_says_so(caller: Caller, scene: Scene) -> None:
    first, last = caller.run("acme/slow-stream", {"text": "x", "stream": True}).events
    assert (first, last["statusCode"]) == ({"data": "x"}, 504)
    assert "took longer than it may" in last["error"]["message"]
    assert wait_for(lambda: scene.said == ["closed"])


def test_a_timeout_of_the_models_own_is_told_as_such(caller: Caller) -> None:
    envelope = caller.run("acme/own-timeout", {"text": "x"}).json
    assert (envelope["statusCode"], "TimeoutError: its own" in envelope["errorMessage"]) == (500, True)


# --- Retries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["at once", "background"])
def test_an_attempt_that_fails_for_no_fault_of_its_inputs_is_made_again(caller: Caller, scene: Scene, way: str) -> None:
    if way == "at once":
        envelope = caller.run("acme/flaky", {"text": "x"}).json
    else:
        envelope = caller.result(background(caller, "acme/flaky", "x"))
    assert (envelope["data"], scene.said) == ("X", ["x"] * 3)


@pytest.mark.parametrize("way", ["at once", "background"])
def test_the_last_failure_is_told(caller: Caller, scene: Scene, way: str) -> None:
    if way == "at once":
        envelope = caller.run("acme/hopeless", {"text": "x"}).json
    else:
        envelope = caller.result(background(caller, "acme/hopeless", "x"))
    assert (envelope["errorMessage"], envelope["statusCode"]) == ("the supplier is down", 502)
    assert scene.said == ["x"] * 3


def test_inputs_that_a_model_refuses_are_not_tried_again(caller: Caller, scene: Scene) -> None:
    assert caller.run("acme/fussy", {"text": "x"}).json["errorMessage"] == "not this text"
    assert caller.result(background(caller, "acme/fussy", "x"))["errorMessage"] == "not this text"
    assert scene.said == ["x"] * 2


def test_a_run_that_waits_for_another_attempt_goes_on_and_can_be_canceled(caller: Caller, scene: Scene) -> None:
    address = background(caller, "acme/patient", "x")
    assert wait_for(lambda: state_of(caller, address) == ("accepted", 1))
    assert caller.get(address).json["status"] == "IN_PROGRESS"
    assert caller.send("DELETE", address).json["status"] == "CANCELED"


def state_of(caller: Caller, address: str) -> tuple[str, int]:
    [run] = [each for each in caller.get("/sdk/runs?pageSize=1000").json["results"] if each["requestId"] in address]
    return run["state"], run["attempts"]


# --- Deadlines ------------------------------------------------------------------------------------


def is_expired(envelope: Any) -> bool:
    assert envelope["errorMessage"] == "The run was not done by its deadline."
    return (envelope["status"], envelope["completed"], envelope["statusCode"]) == ("FAILED", True, 504)


def test_a_run_expires_at_its_deadline_whether_it_waits_or_goes_on(caller: Caller, scene: Scene) -> None:
    goes_on = background(caller, "acme/one", "goes on", deadline=ENOUGH)
    assert wait_for(lambda: scene.said == ["goes on"])
    waits = background(caller, "acme/one", "waits", deadline=0.1)
    assert is_expired(caller.result(waits))
    assert is_expired(caller.result(goes_on))
    assert state_of(caller, goes_on) == ("expired", 1)
    assert state_of(caller, waits) == ("expired", 0)
    scene.go.set()
    assert caller.result(background(caller, "acme/one", "next", deadline=20))["data"] == "NEXT"
    assert scene.said == ["goes on", "next"]


def test_a_run_that_is_answered_at_once_expires_too(caller: Caller, scene: Scene) -> None:
    assert is_expired(caller.run("acme/two", {"text": "x", "options": {"deadline": 0.05}}).json)
    assert caller.run("acme/flaky", {"text": "x", "options": {"deadline": 20}}).json["status"] == "SUCCESS"


def test_a_stream_ends_at_its_deadline(caller: Caller, scene: Scene) -> None:
    *_, last = caller.run("acme/one-stream", {"text": "x", "options": {"stream": True, "deadline": 0.1}}).events
    assert last["statusCode"] == 504


def test_a_deadline_holds_when_the_hub_starts_again(tmp_path: Path, scene: Scene) -> None:
    first = start(tmp_path, models())
    address = background(Caller(first.url), "acme/one", "x", deadline=0.1).removeprefix(first.url)
    first.close()
    again = start(tmp_path, models())
    assert is_expired(Caller(again.url).result(address))
    again.close()


@pytest.mark.parametrize("deadline", [0, -1, "soon", 1e12, True])
def test_a_deadline_that_is_none_is_a_400(caller: Caller, deadline: Any) -> None:
    answer = caller.run("acme/free", {"text": "x", "options": {"deadline": deadline}})
    assert (answer.status, "deadline" in answer.json["message"]) == (400, True)


# --- A hub that dies ------------------------------------------------------------------------------


def is_long(texts: list[str], length: int) -> bool:
    return len(texts) >= length


def test_a_run_that_ends_the_hub_each_time_is_given_up(tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "LAST_SECONDS", 0.01)
    address = ""
    for _ in range(attempts.LIVES):
        hub = start(tmp_path, models())
        begun = len(scene.said) + 1
        address = address or background(Caller(hub.url), "acme/one", "x").removeprefix(hub.url)
        assert wait_for(partial(is_long, scene.said, begun))
        hub.close()
    hub = start(tmp_path, models())
    envelope = Caller(hub.url).result(address)
    hub.close()
    assert (envelope["status"], envelope["statusCode"]) == ("FAILED", 500)
    assert envelope["errorMessage"] == "The hub stopped 5 times in the middle of this run; it is not begun again."
    assert len(scene.said) == attempts.LIVES


# --- Policies that make no sense ------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        {"concurrency": 0},
        {"concurrency": -1},
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("inf")},
        {"timeout": float("nan")},
        {"retries": -1},
        {"retry_wait": -1},
        {"retry_wait": float("inf")},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_when_it_is_made(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"concurrency is|A timeout is|There are no"):
        Policy(**told)
    with pytest.raises(ValueError, match=r"concurrency is|A timeout is|There are no"):
        Hub(builtin=False).model("acme/odd", **told)(lambda text: text)
