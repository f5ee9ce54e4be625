"""A Python function of one's own is a model, whatever kind it is and whatever comes out of it."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, Input, ModelError, Models, Output, progress

from .conftest import Caller

tenant = contextvars.ContextVar("tenant", default="nobody")


def own_models() -> Hub:
    hub = Hub(builtin=False)

    @hub.model("acme/mix")
    def mix(
        text: str,
        times: Annotated[int, Input(ge=1, le=5)] = 1,
        share: float = 0.5,
        loud: bool = False,
        mood: Literal["glad", "angry"] = "glad",
        words: list[str] | None = None,
        extra: dict[str, Any] | None = None,
        maybe: int | None = None,
    ) -> list[Any]:
        """Gives back what it got."""
        return [text, times, share, loud, mood, words, extra, maybe]

    @hub.model("acme/maybe")
    def maybe(text: str | None) -> str:
        return f"got {text}"

    @hub.model("acme/coroutine")
    async def coroutine(text: str) -> Output:
        await asyncio.sleep(0)
        return Output(text, {"thread": threading.current_thread().name})

    @hub.model("acme/generator")
    def generator(text: str) -> Iterator[str]:
        yield from text

    @hub.model("acme/counting-generator")
    def counting_generator(text: str) -> Iterator[str | Output]:
        yield from text
        yield Output(None, usage=Usage(3, 2, 5), credits=0.5)

    @hub.model("acme/async-counting-generator")
    async def async_counting_generator(text: str) -> AsyncIterator[str | Output]:
        yield text
        yield Output(None, usage=Usage(3, 2, 5), credits=0.5)

    @hub.model("acme/async-generator")
    async def async_generator(text: str) -> AsyncIterator[str]:
        for letter in text:
            yield letter

    @hub.model("acme/thread")
    def thread(text: str) -> str:
        progress(2.0)  # nobody listens, and more than all is all
        return threading.current_thread().name

    @hub.model("acme/raise")
    def fail(kind: str) -> Any:
        raise {
            "ModelError": ModelError("no thanks", 402),
            "ZeroDivisionError": ZeroDivisionError("by design"),
            "StopIteration": StopIteration("by design"),
            "SystemExit": SystemExit("by design"),
            "KeyboardInterrupt": KeyboardInterrupt("by design"),
            "CancelledError": asyncio.CancelledError("by design"),
        }[kind]

    @hub.model("acme/raise-async")
    async def fail_async(kind: str) -> Any:
        if kind == "cancelled":
            raise asyncio.CancelledError
        sys.exit("by design")

    @hub.model("acme/give")
    def give(what: str) -> Any:
        given: dict[str, Any] = {"object": object(), "surrogate": "\ud800", "nan": float("nan"), "none": None, "false": False}
        return given[what]

    return hub


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller]) -> Caller:
    return serve(own_models())


def test_every_kind_of_input_reaches_the_function(caller: Caller) -> None:
    everything = {
        "text": "hi",
        "times": "2",
        "share": 1,
        "loud": True,
        "mood": "angry",
        "words": ["a", "b"],
        "extra": {"k": [1]},
        "maybe": 7,
    }
    assert caller.run("acme/mix", everything).json["data"] == ["hi", 2, 1.0, True, "angry", ["a", "b"], {"k": [1]}, 7]
    assert caller.run("acme/mix", {"text": ""}).json["data"] == ["", 1, 0.5, False, "glad", None, None, None]


def test_an_input_that_may_be_none_may_be_left_out(caller: Caller) -> None:
    assert caller.run("acme/maybe", {}).json["data"] == "got None"
    assert caller.run("acme/maybe", {"text": None}).json["data"] == "got None"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"times": 0}, "Parameter 'times' has invalid value 0. Expected a number from 1 to 5"),
        ({"times": "6"}, "Expected a number from 1 to 5"),
        ({"mood": "sad"}, "Parameter 'mood' has invalid value 'sad'. Expected one of 'glad', 'angry'"),
        ({"loud": "yes"}, "Parameter 'loud' has invalid type. Expected boolean, got str"),
        ({"words": ["a", 1]}, "Parameter 'words' has invalid type. Expected text, got list"),
        ({"extra": 3}, "Parameter 'extra' has invalid type. Expected json, got int"),
    ],
)
def test_what_the_hints_rule_out_is_refused(caller: Caller, wrong: Any, words: str) -> None:
    answer = caller.run("acme/mix", {"text": "hi", **wrong})
    assert answer.status == 400
    assert words in answer.json["message"]


def test_what_only_the_conversion_finds_is_a_failed_run_that_names_the_input(caller: Caller) -> None:
    envelope = caller.run("acme/mix", {"text": "hi", "times": 1.5}).json
    assert (envelope["status"], envelope["statusCode"]) == ("FAILED", 400)
    assert envelope["errorMessage"] == "Parameter 'times' has invalid value 1.5. Expected a whole number"


def test_every_kind_of_function_answers(caller: Caller) -> None:
    for path in ("acme/generator", "acme/async-generator", "acme/coroutine"):
        assert caller.run(path, {"text": "abc"}).json["data"] == "abc"


def test_a_generator_streams_and_a_function_does_not(caller: Caller) -> None:
    streams = {model["name"]: model["supportsStreaming"] for model in caller.search()["results"]}
    assert {name for name, can in streams.items() if can and "ounting" not in name} == {"Generator", "Async generator"}


@pytest.mark.parametrize("path", ["acme/counting-generator", "acme/async-counting-generator"])
def test_a_generator_tells_last_what_it_used(caller: Caller, path: str) -> None:
    used = {"usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, "usedCredits": 0.5}
    *told, last, done = caller.run(path, {"text": "ab", "stream": True}).events
    assert "".join(each["data"] for each in told) == "ab"
    assert (last, done) == ({"status": "SUCCESS", "data": "", **used}, "[DONE]")
    whole = caller.run(path, {"text": "ab"}).json
    assert {"data": whole["data"], "usage": whole["usage"], "usedCredits": whole["usedCredits"]} == {"data": "ab", **used}


def test_a_coroutine_runs_on_a_loop_beside_the_hub_and_a_function_in_a_thread(caller: Caller) -> None:
    assert caller.run("acme/coroutine", {"text": "x"}).json["rawData"] == {"thread": "aixplain-coroutines"}
    assert caller.run("acme/thread", {"text": "x"}).json["data"] == "aixplain-model"


@pytest.mark.parametrize(
    ("kind", "message", "status"),
    [
        ("ModelError", "no thanks", 402),
        ("ZeroDivisionError", "Model 'acme/raise' failed: ZeroDivisionError: by design", 500),
        ("StopIteration", "Model 'acme/raise' failed: RuntimeError: it raised StopIteration: by design", 500),
        ("SystemExit", "Model 'acme/raise' failed: RuntimeError: it raised SystemExit: by design", 500),
        ("KeyboardInterrupt", "Model 'acme/raise' failed: RuntimeError: it raised KeyboardInterrupt: by design", 500),
        ("CancelledError", "Model 'acme/raise' failed: RuntimeError: it raised CancelledError: by design", 500),
        ("nothing", "Model 'acme/raise' failed: KeyError: 'nothing'", 500),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_whatever_a_function_raises_is_a_failed_run_and_the_hub_goes_on(
    caller: Caller, kind: str, message: str, status: int, version: str
) -> None:
    envelope = caller.post(f"/api/{version}/execute/acme/raise", {"kind": kind}).json
    if version == "v1":
        envelope = caller.result(envelope["data"])
    assert (envelope["status"], envelope["errorMessage"], envelope["statusCode"]) == ("FAILED", message, status)
    assert caller.run("acme/maybe", {}).json["status"] == "SUCCESS"


@pytest.mark.parametrize(("kind", "named"), [("cancelled", "CancelledError: "), ("exit", "SystemExit: by design")])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_coroutine_that_cancels_itself_or_exits_takes_nobody_with_it(
    caller: Caller, kind: str, named: str, version: str
) -> None:
    for _ in range(5):  # more than the engine has workers
        envelope = caller.post(f"/api/{version}/execute/acme/raise-async", {"kind": kind}).json
        if version == "v1":
            envelope = caller.result(envelope["data"])
        assert envelope["status"] == "FAILED"
        assert envelope["errorMessage"] == f"Model 'acme/raise-async' failed: RuntimeError: it raised {named}"


def test_the_traceback_is_in_the_log_and_not_in_the_answer(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    answer = caller.run("acme/raise", {"kind": "ZeroDivisionError"})
    assert b"Traceback" not in answer.body
    [record] = [record for record in caplog.records if record.name == "aixplain.hub"]
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "model acme/raise raised")
    assert record.exc_info is not None
    assert Path(__file__).name in logging.Formatter().formatException(record.exc_info)


def test_a_refusal_by_the_model_is_no_error_in_the_log(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caller.run("acme/raise", {"kind": "ModelError"})
    assert [record for record in caplog.records if record.name == "aixplain.hub"] == []


@pytest.mark.parametrize("what", ["object", "surrogate"])
def test_an_answer_that_no_json_can_hold_is_a_failed_run(caller: Caller, what: str) -> None:
    envelope = caller.run("acme/give", {"what": what}).json
    assert envelope["status"] == "FAILED"
    assert "Model 'acme/give' failed: " in envelope["errorMessage"]


@pytest.mark.parametrize(("what", "data"), [("none", None), ("false", False), ("nan", None)])
def test_an_answer_that_is_nothing_is_an_answer(caller: Caller, what: str, data: Any) -> None:
    envelope = caller.run("acme/give", {"what": what}).json
    assert (envelope["status"], envelope["data"]) == ("SUCCESS", data)


def test_a_function_stays_what_it_was() -> None:
    hub = Hub(builtin=False)

    @hub.model("acme/double")
    def double(number: int) -> int:
        """Twice."""
        return number * 2

    assert double(4) == 8
    entry = hub.entries["acme/double"]
    assert (entry.name, entry.description, entry.developer, entry.function) == ("Double", "Twice.", "acme", "utilities")


def test_a_docstring_is_the_description_without_its_line_breaks() -> None:
    hub = Hub(builtin=False)

    @hub.model("acme/wrapped")
    def wrapped(text: str) -> str:
        """One
        sentence.

        Another paragraph.
        """
        return text

    assert hub.entries["acme/wrapped"].description == "One sentence.\n\nAnother paragraph."


def test_a_collection_of_a_module_is_taken_into_a_hub() -> None:
    models = Models()
    models.model("acme/one")(lambda text: text)
    hub = Hub(builtin=False)
    hub.include(models)
    assert set(hub.entries) == {"acme/one"}
    with pytest.raises(ValueError, match="two models at the path 'acme/one'"):
        hub.include(models)
