"""A path that stands for several models: who is asked, what is passed over, what rests, and what the ledger keeps of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from aixplain.hub import Hub, ModelError, Output
from aixplain.hub.backends import resting
from aixplain.hub.declarations import AliasSpec, PriceSpec, Target
from aixplain.hub.prices import Price

from .conftest import Caller

#: Seconds in which what is begun does begin, on a machine with much to do too.
ENOUGH = 1.0
asked: list[str] = []


@pytest.fixture(autouse=True)
def nobody_asked() -> None:
    asked.clear()


def models() -> Hub:
    hub = Hub(builtin=False)

    @hub.model("local/good")
    def good(text: str, loud: bool = False) -> str:
        asked.append("good")
        return f"good {text}"

    @hub.model("local/other")
    def other(text: str) -> str:
        asked.append("other")
        return f"other {text}"

    for name, status in (("busy", 429), ("broken", 500), ("refuses", 400), ("resting", 429)):
        failing(hub, name, status)

    @hub.model("local/slow")
    async def slow(text: str) -> str:
        asked.append("slow")
        await asyncio.sleep(30)
        return text

    @hub.model("local/streams")
    def streams(text: str) -> Iterator[str]:
        asked.append("streams")
        yield "one "
        yield text

    @hub.model("local/late")
    async def late(text: str) -> AsyncIterator[str]:
        asked.append("late")
        await asyncio.sleep(30)
        yield text

    @hub.model("local/stalls", timeout=ENOUGH)
    async def stalls(text: str) -> AsyncIterator[str]:
        asked.append("stalls")
        yield "one "
        await asyncio.sleep(30)

    @hub.model("local/fails-at-once")
    def fails_at_once(text: str) -> Iterator[str]:
        asked.append("fails-at-once")
        raise ModelError("no", 503)
        yield text

    @hub.model("local/fails-later")
    def fails_later(text: str) -> Iterator[str]:
        asked.append("fails-later")
        yield "one "
        raise ModelError("no more", 503)

    return hub


def failing(hub: Hub, name: str, status: int) -> None:
    @hub.model(f"local/{name}")
    def fail(text: str) -> Output:
        asked.append(name)
        raise ModelError(f"{name} by design", status, 60 if name == "resting" else None)


def alias(name: str, *targets: str, timeout: float | None = None) -> AliasSpec:
    """The first target before the second, and so on."""
    chances = {target: 1e5 if number == 0 else 0.0 for number, target in enumerate(targets)}
    return AliasSpec(name, tuple(Target(f"local/{target}", chance) for target, chance in chances.items()), timeout)


@pytest.fixture(scope="module")
def caller(serve_declared: Callable[..., Caller]) -> Caller:
    return serve_declared(
        models(),
        AliasSpec("team/both", (Target("local/good", 3), Target("local/other", 1))),
        AliasSpec("openai/gpt-4o", (Target("local/good"),)),
        AliasSpec("local/other", (Target("local/good", 1), Target("local/other", 0))),
        alias("team/busy", "busy", "good"),
        alias("team/broken", "broken", "good"),
        alias("team/refuses", "refuses", "good"),
        alias("team/resting", "resting", "good"),
        alias("team/slow", "slow", "good", timeout=ENOUGH),
        alias("team/all-broken", "broken", "busy"),
        alias("team/stream", "fails-at-once", "streams"),
        alias("team/late", "late", "streams", timeout=ENOUGH),
        alias("team/cut", "fails-later", "streams"),
        alias("team/stalled", "stalls", "streams"),
        alias("team/nothing", "gone"),
        PriceSpec("local/good", Price(input_cost_per_request=0.5)),
        PriceSpec("local/streams", Price(input_cost_per_token=0.5)),
    )


@pytest.fixture(autouse=True)
def nothing_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "FAILURES", 1000)


def run(caller: Caller, path: str, **inputs: Any) -> Any:
    return caller.run(path, {"text": "hi", **inputs}).json


def newest(caller: Caller, path: str) -> Any:
    return caller.get(f"/sdk/runs?model={path}").json["results"][0]


def test_targets_are_asked_as_their_weights_say(caller: Caller) -> None:
    answers = Counter(run(caller, "team/both")["data"] for _ in range(200))
    assert set(answers) == {"good hi", "other hi"}
    assert 100 < answers["good hi"] < 190


def test_an_alias_may_have_the_id_of_a_hosted_model(caller: Caller) -> None:
    assert run(caller, "openai/gpt-4o")["data"] == "good hi"
    model = caller.get("/v2/models/openai%2Fgpt-4o").json
    assert model["description"] == "Stands for local/good."
    assert {parameter["name"] for parameter in model["params"]} == {"text", "loud"}
    assert caller.run(model["id"], {"text": "hi"}).json["data"] == "good hi"


def test_an_alias_comes_before_the_model_at_its_path_which_may_be_a_target(caller: Caller) -> None:
    assert run(caller, "local/other")["data"] == "good hi"


@pytest.mark.parametrize(("path", "first"), [("team/busy", "busy"), ("team/broken", "broken"), ("team/slow", "slow")])
def test_a_target_that_fails_is_passed_over_and_the_ledger_has_each(caller: Caller, path: str, first: str) -> None:
    assert run(caller, path)["data"] == "good hi"
    assert asked == [first, "good"]
    ledger = newest(caller, path)
    failed, answered = ledger["tried"]
    assert (failed["model"], failed["status"]) == (f"local/{first}", {"busy": 429, "broken": 500, "slow": 504}[first])
    assert failed["error"]
    assert (answered["model"], answered["status"], answered["error"]) == ("local/good", None, None)
    assert ledger["usedCredits"] == 0.5


def test_what_the_inputs_are_to_blame_for_is_tried_nowhere_else(caller: Caller) -> None:
    assert run(caller, "team/refuses")["errorMessage"] == "refuses by design"
    assert asked == ["refuses"]


def test_when_all_fail_the_last_one_says_why(caller: Caller) -> None:
    envelope = run(caller, "team/all-broken")
    assert envelope["message"] == "busy by design"
    assert [each["model"] for each in newest(caller, "team/all-broken")["tried"]] == ["local/broken", "local/busy"]


def test_inputs_that_a_target_does_not_take_pass_it_over(caller: Caller) -> None:
    for _ in range(20):
        assert run(caller, "team/both", loud=True)["data"] == "good hi"


def test_a_target_that_wants_to_be_left_alone_is(caller: Caller) -> None:
    for _ in range(3):
        assert run(caller, "team/resting")["data"] == "good hi"
    assert asked == ["resting", "good", "good", "good"]


@pytest.mark.parametrize(("path", "first"), [("team/stream", "fails-at-once"), ("team/late", "late")])
def test_a_stream_goes_to_the_next_target_before_the_first_token(caller: Caller, path: str, first: str) -> None:
    events = run_stream(caller, path)
    assert events == [{"data": "one "}, {"data": "hi"}, "[DONE]"]
    assert asked == [first, "streams"]
    ledger = newest(caller, path)
    assert [each["model"] for each in ledger["tried"]] == [f"local/{first}", "local/streams"]
    assert ledger["usedCredits"] is None  # it is charged by tokens, and says nothing of them


def run_stream(caller: Caller, path: str) -> Any:
    return caller.run(path, {"text": "hi", "stream": True}).events


def test_a_stream_that_fails_after_it_is_not_begun_anew(caller: Caller) -> None:
    first, failed = run_stream(caller, "team/cut")
    assert first == {"data": "one "}
    assert failed["error"]["message"] == "no more"
    assert asked == ["fails-later"]
    assert newest(caller, "team/cut")["tried"][0]["status"] == 503


def test_a_stream_that_stalls_is_ended_at_its_models_time(caller: Caller) -> None:
    first, failed = run_stream(caller, "team/stalled")
    assert first == {"data": "one "}
    assert failed["statusCode"] == 504


def test_an_alias_of_nothing_that_is_served_is_not_served(caller: Caller) -> None:
    assert caller.run("team/nothing", {"text": "hi"}).status == 404


def test_a_model_rests_after_three_failures_in_a_row_and_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "FAILURES", 3)
    now = 100.0
    monkeypatch.setattr(resting.time, "monotonic", lambda: now)
    models = resting.Resting()
    for _ in range(2):
        models.failed("a", None)
    assert not models.is_resting("a")
    models.failed("a", None)
    assert models.is_resting("a")
    now += resting.FIRST_REST
    assert not models.is_resting("a")
    models.failed("a", None)
    now += resting.FIRST_REST
    assert models.is_resting("a")
    models.went_well("a")
    assert not models.is_resting("a")
    models.failed("a", 3.0)
    assert models.is_resting("a")
