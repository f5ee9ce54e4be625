"""Models of another hub, in the catalog of this one: their runs, streams, polls and files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest

from aixplain._wire.messages import Parameter, Usage
from aixplain.hub import Document, Hub, ModelError, Output, progress
from aixplain.hub.backends import OnProgress, Piece
from aixplain.hub.backends.aixplain import bodies
from aixplain.hub.catalog import Entry
from aixplain.hub.declarations import PriceSpec, RelaySpec
from aixplain.hub.prices import Price

from .conftest import Caller, wait_for
from .scripted import delta, event

KEY = "the-key-of-the-other"
release = threading.Event()
asked: list[str] = []
begun, canceled = threading.Event(), threading.Event()


class Chat:
    """A model that passes chunks on."""

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        return Output("hello", usage=Usage(3, 2, 5), credits=0.25)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        call = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        yield delta(reasoning_content="hm") + delta(content="hello")
        yield delta(tool_calls=[call]) + delta("tool_calls")
        yield Output("hello", usage=Usage(3, 2, 5), credits=0.25)


class Alternatives:
    """A chat that gives two at once, and tells how likely each token was."""

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        return Output("one", {"more": True})

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        for index, word in enumerate(("one", "two")):
            yield event({"choices": [{"index": index, "delta": {"content": word}, "logprobs": {"content": [word]}}]})
        for index in range(2):
            yield event({"choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]})
        yield Output("one")


def other() -> Hub:
    hub = Hub(builtin=False, keys=[KEY])

    @hub.model("acme/shout", function="text-normalization", languages=("en",))
    def shout(text: str, times: int = 1) -> str:
        """Says it louder."""
        return text.upper() + "!" * times

    @hub.model("acme/count")
    def count(upto: int) -> Iterator[str]:
        for number in range(upto):
            yield f"{number} "

    @hub.model("acme/gated", asynchronous=True)
    def gated(text: str) -> str:
        progress(0.5)
        assert release.wait(30)
        return text

    @hub.model("acme/endless", asynchronous=True)
    async def endless(text: str) -> str:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            canceled.set()
        return text

    @hub.model("acme/refuses")
    def refuses(text: str) -> str:
        raise ModelError("not this one", int(text))

    @hub.model("acme/size")
    def size(document: Document) -> int:
        return document.stat().st_size

    @hub.model("acme/busy")
    def busy(text: str) -> Iterator[str]:
        asked.append("busy")
        raise ModelError("too many of you", 429, 2)
        yield text

    @hub.model("acme/charges")
    def charges(text: str) -> Iterator[str | Output]:
        yield text
        yield Output(None, credits=0.25)

    hub.add(Entry("acme/chat", "text-generation", "Chat", "", "acme", Chat(), streams=True))
    takes = (Parameter("messages", data_type="json", data_sub_type="json"),)
    hub.add(Entry("acme/two", "text-generation", "Two", "", "acme", Alternatives(), takes, streams=True, price=None))
    return hub


@pytest.fixture(scope="module")
def relayed(serve: Callable[..., Caller]) -> Iterator[Caller]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTHER_KEY", KEY)
        patch.setenv("WRONG_KEY", "another")
        yield serve(other())


@pytest.fixture(scope="module")
def caller(serve_declared: Callable[..., Caller], relayed: Caller) -> Caller:
    found = asyncio.run(bodies("other", relayed.url, "OTHER_KEY"))
    models = tuple(body for _, body in found)
    return serve_declared(
        Hub(builtin=False),
        RelaySpec("other", relayed.url, "OTHER_KEY", models),
        RelaySpec("priced", relayed.url, "OTHER_KEY", models),
        *(PriceSpec(f"priced/acme/{name}", Price(input_cost_per_request=3)) for name in ("two", "chat")),
        RelaySpec("keyless", relayed.url, None, models),
        RelaySpec("wrong", relayed.url, "WRONG_KEY", models),
        RelaySpec("unset", relayed.url, "NOT_SET", models),
        RelaySpec("gone", "http://127.0.0.1:9", None, models),
    )


def test_its_models_are_in_our_catalog_as_they_are_in_its_own(caller: Caller) -> None:
    model = caller.get("/v2/models/other%2Facme%2Fshout").json
    assert (model["description"], model["function"]["id"]) == ("Says it louder.", "text-normalization")
    assert [parameter["name"] for parameter in model["params"]] == ["text", "times"]
    assert model["supportsStreaming"] is False
    assert caller.get("/v2/models/other%2Facme%2Fgated").json["connectionType"] == ["asynchronous"]


def test_a_run_is_relayed(caller: Caller) -> None:
    assert caller.run("other/acme/shout", {"text": "hi", "times": 2}).json["data"] == "HI!!"
    assert caller.run("other/acme/chat", {}).json["usage"]["total_tokens"] == 5
    newest = caller.get("/sdk/runs?model=other/acme/chat").json["results"][0]
    assert newest["usedCredits"] == 0.25


def test_a_stream_is_relayed_as_it_comes(caller: Caller) -> None:
    assert caller.run("other/acme/count", {"upto": 3, "stream": True}).events == [
        {"data": "0 "},
        {"data": "1 "},
        {"data": "2 "},
        "[DONE]",
    ]


def test_a_stream_of_chunks_keeps_reasoning_tools_and_what_was_used(caller: Caller) -> None:
    *chunks, done = caller.run("other/acme/chat", {"stream": True}).events
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk.get("choices")]
    assert deltas[0] == {"role": "assistant", "reasoning_content": "hm"}
    assert any("tool_calls" in each for each in deltas)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk.get("choices")][-1] == "tool_calls"
    assert chunks[-1]["usage"]["total_tokens"] == 5
    assert done == "[DONE]"


def test_what_a_stream_cost_there_is_what_it_cost(caller: Caller) -> None:
    assert caller.run("other/acme/charges", {"text": "hi", "stream": True}).events[-2]["usedCredits"] == 0.25
    assert caller.get("/sdk/runs?model=other/acme/charges").json["results"][0]["usedCredits"] == 0.25


def test_what_is_said_beside_the_answer_comes_along(caller: Caller) -> None:
    answer = caller.run("other/acme/two", {}).json
    assert answer["rawData"] == {"more": True}
    assert answer["usedCredits"] is None


def test_a_price_of_ours_serves_where_the_other_tells_none(caller: Caller) -> None:
    assert caller.run("priced/acme/two", {}).json["usedCredits"] == 3
    assert caller.run("priced/acme/chat", {}).json["usedCredits"] == 0.25


def test_a_client_of_openai_gets_the_chunks_of_a_chat_once_and_each_alternative_by_itself(caller: Caller) -> None:
    messages = [{"role": "user", "content": "hi"}]
    asked = {"model": "other/acme/two", "messages": messages, "stream": True}
    *chunks, done = caller.post("/v1/chat/completions", asked).events
    told = [chunk["choices"][0] for chunk in chunks]
    assert [(each["index"], each["delta"], each["finish_reason"]) for each in told] == [
        (0, {"role": "assistant", "content": "one"}, None),
        (1, {"role": "assistant", "content": "two"}, None),
        (0, {}, "stop"),
        (1, {}, "stop"),
    ]
    assert told[1]["logprobs"] == {"content": ["two"]}
    assert all(chunk["id"] == chunks[0]["id"] and chunk["created"] and chunk["model"] for chunk in chunks)
    assert done == "[DONE]"


def test_a_client_of_openai_gets_the_pieces_of_a_text_and_one_end(caller: Caller) -> None:
    asked = {"model": "other/acme/charges", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    told = [chunk["choices"][0] for chunk in caller.post("/v1/chat/completions", asked).events[:-1]]
    assert [(each["delta"], each["finish_reason"]) for each in told] == [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "hi"}, None),
        ({}, "stop"),
    ]


@pytest.mark.parametrize("streams", [False, True])
def test_one_that_wants_to_be_left_alone_is_not_waited_for(caller: Caller, streams: bool) -> None:
    asked.clear()
    answer = caller.run("other/acme/busy", {"text": "hi", "stream": streams})
    told = answer.json if not streams else answer.events[0]
    assert "too many of you" in (told["message"] if not streams else told["error"]["message"])
    assert asked == ["busy"]


def test_a_run_in_the_background_tells_how_far_it_is_and_ends(caller: Caller) -> None:
    release.clear()
    accepted = caller.run("other/acme/gated", {"text": "hi"}).json
    assert wait_for(lambda: caller.get(accepted["data"]).json["progress"] == 0.5)
    release.set()
    assert caller.result(accepted["data"])["data"] == "hi"


def test_a_run_that_is_canceled_here_is_canceled_there(caller: Caller) -> None:
    accepted = caller.run("other/acme/endless", {"text": "hi"}).json
    assert begun.wait(20)
    assert caller.send("DELETE", accepted["data"]).status == 200
    assert canceled.wait(20)


def test_a_file_goes_on_to_the_other(caller: Caller) -> None:
    announced = caller.post("/sdk/file/upload/temp-url", {"contentType": "text/plain", "originalName": "a.txt"}).json
    caller.send("PUT", announced["uploadUrl"], b"x" * 1234)
    assert caller.run("other/acme/size", {"document": announced["downloadUrl"]}).json["data"] == 1234


@pytest.mark.parametrize(("status", "ours"), [(400, 400), (492, 492), (402, 402), (404, 404), (500, 500)])
def test_its_failures_are_told(caller: Caller, status: int, ours: int) -> None:
    envelope = caller.run("other/acme/refuses", {"text": str(status)}).json
    assert envelope["statusCode"] == ours
    assert "not this one" in envelope["errorMessage"]


@pytest.mark.parametrize(
    ("path", "status", "said", "logged"),
    [
        (
            "keyless",
            485,
            "refused this hub's key",
            "'keyless' wants a key, or another (401): name the variable that has it with --key-env.",
        ),
        ("wrong", 485, "refused this hub's key", "'wrong' refused the key in WRONG_KEY (401)"),
        ("unset", 485, "no key for the upstream 'unset'", "set NOT_SET"),
        ("gone", 503, "Is it running?", ""),
    ],
)
def test_a_key_that_is_none_and_a_hub_that_is_gone_are_told(
    caller: Caller, caplog: pytest.LogCaptureFixture, path: str, status: int, said: str, logged: str
) -> None:
    envelope = caller.run(f"{path}/acme/shout", {"text": "hi"}).json
    assert envelope["statusCode"] == status
    assert said in envelope["errorMessage"]
    assert logged in caplog.text
    assert KEY not in envelope["errorMessage"] + caplog.text
