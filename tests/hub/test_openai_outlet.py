"""What clients of OpenAI are answered, on the wire: the package itself is in tests/interop."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, ModelError, Output
from aixplain.hub.backends.openai.entries import entries_of
from aixplain.hub.backends.openai.listing import EMBEDDING, Offered
from aixplain.hub.backends.openai.upstream import Upstream

from .conftest import Answer, Caller, states, wait_for
from .scripted import DONE, Scripted, completion, delta, event, scripted, usage

HI = [{"role": "user", "content": "hi"}]
begun, left = threading.Event(), threading.Event()


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


async def keep(name: str, content: bytes) -> str:
    return name


@pytest.fixture(scope="module")
def hub(service: Scripted) -> Hub:
    hub = Hub(builtin=False)
    for entry in entries_of(Upstream("up", service.url), [Offered("m"), Offered("e", EMBEDDING)], keep, timeout=20):
        hub.add(entry)

    @hub.model("acme/shout")
    def shout(text: str, times: int = 1) -> str:
        return text.upper() + "!" * times

    @hub.model("acme/told")
    def told(text: str, context: str = "", history: list[dict[str, str]] | None = None) -> dict[str, Any]:
        return {"text": text, "context": context, "history": history}

    @hub.model("acme/count")
    def count(question: str) -> Iterator[str]:
        for number in range(3):
            yield f"{question}{number} "

    @hub.model("acme/slow", asynchronous=True)
    def slow(text: str) -> Output:
        return Output(text, usage=Usage(1, 2))

    @hub.model("acme/hang")
    async def hang(text: str) -> str:
        await wait_until_left()
        return text

    @hub.model("acme/hang-behind", asynchronous=True)
    async def hang_behind(text: str) -> str:
        await wait_until_left()
        return text

    @hub.model("acme/broken")
    def broken(text: str) -> str:
        raise ZeroDivisionError("by design")

    @hub.model("acme/refuse")
    def refuse(text: str) -> Iterator[str]:
        if text == "first":
            raise ModelError("not now", 429, 7)
        yield "one "
        raise ModelError("no more of this", 402)

    @hub.model("acme/vectors")
    def vectors(text: list[str]) -> list[list[float]]:
        return [[float(len(each)), 0.5] for each in text]

    @hub.model("acme/vector")
    def vector(text: str) -> list[float]:
        return [float(len(text)), 0.5]

    @hub.model("acme/none")
    def none(size: int) -> int:
        return size

    return hub


async def wait_until_left() -> None:
    begun.set()
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        left.set()
        raise


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller], hub: Hub) -> Caller:
    return serve(hub)


def chat(caller: Caller, model: str, messages: Any = HI, **wanted: Any) -> Answer:
    return caller.post("/v1/chat/completions", {"model": model, "messages": messages, **wanted})


def said(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    (choice,) = answer.json["choices"]
    assert choice["finish_reason"] == "stop"
    content: str = choice["message"]["content"]
    return content


def refusal(answer: Answer, status: int = 400) -> dict[str, Any]:
    assert answer.status == status, answer.body
    error: dict[str, Any] = answer.json["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return error


# --- Chat -----------------------------------------------------------------------------------------


def test_a_message_is_answered_by_a_function(caller: Caller) -> None:
    answer = chat(caller, "acme/shout", times=2)
    assert said(answer) == "HI!!"
    assert answer.json["object"] == "chat.completion"
    assert answer.json["model"] == "acme/shout"
    assert answer.json["usage"] is None


def test_a_model_is_named_by_its_id_too(caller: Caller, hub: Hub) -> None:
    assert said(chat(caller, hub.entries["acme/shout"].id)) == "HI!"


def test_parts_of_text_are_one_text(caller: Caller) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert said(chat(caller, "acme/shout", [{"role": "user", "content": parts}])) == "AB!"


def test_what_the_system_says_and_what_came_before_reach_a_function_that_takes_them(caller: Caller) -> None:
    before = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "1."}]
    messages = [{"role": "system", "content": "Be brief."}, *before, {"role": "user", "content": "2?"}]
    assert json.loads(said(chat(caller, "acme/told", messages))) == {"text": "2?", "context": "Be brief.", "history": before}


def test_further_inputs_stand_beside_the_messages(caller: Caller) -> None:
    assert json.loads(said(chat(caller, "acme/told", context="Be brief.")))["context"] == "Be brief."


def test_a_run_in_the_background_is_waited_for(caller: Caller) -> None:
    answer = chat(caller, "acme/slow")
    assert said(answer) == "hi"
    assert answer.json["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


@pytest.mark.parametrize(
    "wanted",
    [{"n": 1}, {"tools": []}, {"user": "ada"}, {"temperature": 1}, {"response_format": {"type": "text"}}, {"seed": None}],
)
def test_what_changes_nothing_is_no_matter(caller: Caller, wanted: dict[str, Any]) -> None:
    assert said(chat(caller, "acme/shout", **wanted)) == "HI!"


@pytest.mark.parametrize(
    ("wanted", "param", "words"),
    [
        ({"tools": [{"type": "function"}]}, "tools", "Model 'acme/shout' has no 'tools'; it takes text, times."),
        ({"temperature": 0.2}, "temperature", "has no 'temperature'"),
        ({"n": 2}, "n", "has no 'n'"),
        ({"messages": []}, "messages", "messages is a list such as"),
        ({"messages": ["hi"]}, "messages", "messages is a list such as"),
        ({"messages": [{"role": "assistant", "content": "hi"}]}, "messages", "the last one here is none"),
        ({"messages": [{"role": "system", "content": "hi"}]}, "messages", "the last one here is none"),
        ({"messages": [{"role": "system", "content": "a"}, *HI]}, "messages", "takes no messages of the system"),
        ({"messages": [*HI, *HI]}, "messages", "takes no messages that came before"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages", "is something else"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages", "is something else"),
        ({"text": "again"}, "text", "The messages tell the input 'text', and it is there a second time"),
        ({"model": None}, "model", "'model' is a str"),
        ({"model": "acme/none"}, "model", "is none to chat with: it takes size"),
        ({"stream": "yes"}, "stream", "'stream' is a bool"),
        ({"stream_options": []}, "stream_options", "'stream_options' is a dict"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_a_sentence(caller: Caller, wanted: Any, param: str, words: str) -> None:
    answer = caller.post("/v1/chat/completions", {"model": "acme/shout", "messages": HI, **wanted})
    error = refusal(answer)
    assert words in error["message"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


def test_an_input_of_a_wrong_type_is_refused(caller: Caller) -> None:
    assert "'times' has invalid type" in refusal(chat(caller, "acme/shout", times=[]))["message"]


def test_an_unknown_model_is_told_as_they_know_it(caller: Caller) -> None:
    error = refusal(chat(caller, "acme/shot"), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "did you mean 'acme/shout'" in error["message"]


def test_a_model_that_fails_is_an_error_that_is_not_tried_again(caller: Caller) -> None:
    answer = chat(caller, "acme/broken")
    assert refusal(answer, 500)["message"].endswith("ZeroDivisionError: by design")
    assert answer.headers["x-should-retry"] == "false"


def test_too_many_requests_tell_when_to_come_again(caller: Caller) -> None:
    for streams in (False, True):
        answer = chat(caller, "acme/refuse", [{"role": "user", "content": "first"}], stream=streams)
        error = refusal(answer, 429)
        assert (error["message"], error["code"]) == ("not now", "rate_limit_exceeded")
        assert answer.headers["retry-after"] == "7"
        assert "x-should-retry" not in answer.headers


def test_a_body_that_is_no_json_and_an_address_that_is_none(caller: Caller) -> None:
    assert "is not what this address takes" in refusal(caller.send("POST", "/v1/chat/completions", b"{"))["message"]
    assert "/v1/chat/completions" in refusal(caller.post("/v1/responses", {}), 404)["message"]
    assert "it takes POST" in refusal(caller.get("/v1/chat/completions"), 405)["message"]


def test_a_request_that_comes_again_is_carried_out_once(caller: Caller) -> None:
    body = json.dumps({"model": "acme/shout", "messages": HI}).encode()
    ids = {caller.send("POST", "/v1/chat/completions", body, {"idempotency-key": "once"}).json["id"] for _ in range(2)}
    assert len(ids) == 1
    other = json.dumps({"model": "acme/shout", "messages": HI, "times": 3}).encode()
    assert refusal(caller.send("POST", "/v1/chat/completions", other, {"idempotency-key": "once"}), 409)["code"] == "conflict"


@pytest.mark.parametrize("model", ["acme/hang", "acme/hang-behind"])
@pytest.mark.parametrize("streams", [False, True])
def test_a_client_that_leaves_ends_the_run(caller: Caller, model: str, streams: bool) -> None:
    begun.clear()
    left.clear()
    with caller.begin("/v1/chat/completions", {"model": model, "messages": HI, "stream": streams}):
        assert begun.wait(20)
    assert left.wait(20)
    assert wait_for(lambda: states(caller, model)[:1] == ["canceled"])


def test_a_client_that_leaves_after_it_sent_much_ends_the_run_too(caller: Caller) -> None:
    """The hub stops to read in a large body, and would not hear of it."""
    begun.clear()
    left.clear()
    much = [{"role": "user", "content": "x" * 1_500_000}]
    with caller.begin("/v1/chat/completions", {"model": "acme/hang", "messages": much}):
        assert begun.wait(20)
    assert left.wait(20)


# --- Streams --------------------------------------------------------------------------------------


def test_a_stream_begins_with_the_role_and_ends_with_a_reason(caller: Caller) -> None:
    answer = chat(caller, "acme/count", stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert caller.get(f"/sdk/runs/{answer.headers['x-run-id']}").status == 200
    *chunks, done = answer.events
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    choices = [chunk["choices"][0] for chunk in chunks]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "hi0 hi1 hi2 "
    assert [choice["finish_reason"] for choice in choices] == [*[None] * 4, "stop"]


def test_a_model_that_does_not_stream_is_one_piece_and_tells_its_tokens_when_asked(caller: Caller) -> None:
    first, last, used, done = chat(caller, "acme/slow", stream=True, stream_options={"include_usage": True}).events
    assert first["choices"][0]["delta"]["content"] == "hi"
    assert last["choices"][0]["finish_reason"] == "stop"
    assert (used["choices"], used["usage"]["total_tokens"], done) == ([], 3, "[DONE]")
    assert len(chat(caller, "acme/slow", stream=True).events) == 3


def test_a_stream_that_fails_half_way_says_so_and_does_not_end_well(caller: Caller) -> None:
    *_, piece, last = chat(caller, "acme/refuse", stream=True).events
    assert piece["choices"][0]["delta"] == {"content": "one "}
    assert last["error"]["message"] == "no more of this"
    assert last["error"]["code"] == "insufficient_quota"


# --- An upstream that speaks so itself ------------------------------------------------------------


def test_a_request_reaches_an_upstream_as_it_was_asked(caller: Caller, service: Scripted) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    service.answers(completion(None, tool_calls=[call], reasoning_content="hm"))
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    wanted = {"tools": tools, "tool_choice": "required", "temperature": 0.2, "max_completion_tokens": 7, "mirostat": 2}
    answer = chat(caller, "up/m", **wanted)
    assert service.asked[-1].json == {"model": "m", "messages": HI, **wanted}
    (choice,) = answer.json["choices"]
    assert choice["message"] == {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "hm"}
    assert answer.json["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def test_chunks_of_an_upstream_pass_as_they_came(caller: Caller, service: Scripted) -> None:
    chunks = [delta(role="assistant", content="a"), delta(content="b"), delta("stop")]
    service.streams(*chunks, usage(3, 2), DONE)
    answer = chat(caller, "up/m", stream=True)
    assert answer.body == b"".join([*chunks, DONE])
    *_, used, _ = chat(caller, "up/m", stream=True, stream_options={"include_usage": True}).events
    assert (used["choices"], used["usage"]["total_tokens"]) == ([], 5)


def test_numbers_that_an_upstream_tells_as_text_are_numbers(caller: Caller, service: Scripted) -> None:
    service.answers({**completion("a"), "usage": {"prompt_tokens": "3", "completion_tokens": "2"}})
    told = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert chat(caller, "up/m").json["usage"] == told


def test_what_an_upstream_says_it_used_is_told_once(caller: Caller, service: Scripted) -> None:
    told = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    last = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": told})
    service.streams(delta(content="a"), last, DONE)
    *chunks, _ = chat(caller, "up/m", stream=True, stream_options={"include_usage": True}).events
    assert [chunk["usage"] for chunk in chunks if chunk.get("usage")] == [told]


def test_tool_calls_of_an_upstream_that_answers_a_stream_whole_are_deltas(caller: Caller, service: Scripted) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    service.answers(completion("", tool_calls=[call]))
    deltas = [chunk["choices"][0]["delta"] for chunk in chat(caller, "up/m", stream=True).events[:-1]]
    assert {"tool_calls": [{"index": 0, **call}]} in deltas


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(("theirs", "ours"), [(400, 400), (401, 502), (429, 429), (500, 502)])
def test_what_an_upstream_refuses_is_an_error_of_its_kind(
    caller: Caller, service: Scripted, streams: bool, theirs: int, ours: int
) -> None:
    service.answers({"error": {"message": "no"}}, theirs, retry_after="3")
    answer = chat(caller, "up/m", stream=streams)
    assert refusal(answer, ours)
    if theirs == 429:
        assert answer.headers["retry-after"] == "3"


def test_an_error_inside_a_stream_of_an_upstream_is_one_here(caller: Caller, service: Scripted) -> None:
    service.streams(delta(content="a"), event({"error": {"message": "out of memory"}}))
    assert "out of memory" in chat(caller, "up/m", stream=True).events[-1]["error"]["message"]


# --- Embeddings and models ------------------------------------------------------------------------


def embed(caller: Caller, model: str, input: Any, **wanted: Any) -> Answer:
    return caller.post("/v1/embeddings", {"model": model, "input": input, **wanted})


def test_texts_have_vectors(caller: Caller) -> None:
    answer = embed(caller, "acme/vectors", ["a", "bcd"]).json
    assert answer["object"] == "list"
    assert [(each["index"], each["embedding"]) for each in answer["data"]] == [(0, [1.0, 0.5]), (1, [3.0, 0.5])]
    assert embed(caller, "acme/vectors", "ab").json["data"][0]["embedding"] == [2.0, 0.5]
    assert embed(caller, "acme/vector", ["ab"]).json["data"][0]["embedding"] == [2.0, 0.5]


def test_vectors_are_packed_when_asked(caller: Caller) -> None:
    packed = embed(caller, "acme/vectors", ["ab"], encoding_format="base64").json["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(packed)) == (2.0, 0.5)


def test_vectors_of_an_upstream(caller: Caller, service: Scripted) -> None:
    vectors = [{"index": 0, "embedding": [0.1, 0.2]}]
    service.answers({"data": vectors, "usage": {"prompt_tokens": 4, "total_tokens": 4}})
    answer = embed(caller, "up/e", ["a"], dimensions=2).json
    assert answer["data"][0]["embedding"] == [0.1, 0.2]
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] == 4
    assert service.asked[-1].json == {"model": "e", "input": ["a"], "encoding_format": "float", "dimensions": 2}


@pytest.mark.parametrize(
    ("wanted", "param", "words"),
    [
        ({"input": [[1, 2]]}, "input", "check_embedding_ctx_length=False"),
        ({"input": []}, "input", "input is a text or a list of texts"),
        ({"model": "acme/vector", "input": ["a", "b"]}, "input", "takes one text at a time, and these are 2"),
        ({"model": "acme/shout"}, "model", "gives no vectors"),
        ({"model": "acme/none"}, "model", "takes no text"),
        ({"dimensions": 3}, "dimensions", "has no 'dimensions'"),
        ({"encoding_format": "int8"}, "encoding_format", "float or base64"),
    ],
)
def test_what_has_no_vectors_is_refused(caller: Caller, wanted: Any, param: str, words: str) -> None:
    error = refusal(caller.post("/v1/embeddings", {"model": "acme/vectors", "input": "a", **wanted}))
    assert words in error["message"]
    assert error["param"] == param


def test_a_chat_model_is_not_asked_for_vectors(caller: Caller, service: Scripted) -> None:
    before = len(service.asked)
    assert "gives no vectors" in refusal(embed(caller, "up/m", "a"))["message"]
    assert len(service.asked) == before


def test_the_models_are_listed(caller: Caller, hub: Hub) -> None:
    listed = caller.get("/v1/models").json
    assert listed["object"] == "list"
    assert {each["id"] for each in listed["data"]} == hub.entries.keys()
    one = caller.get("/v1/models/acme/shout").json
    assert one in listed["data"]
    assert (one["object"], one["owned_by"], type(one["created"])) == ("model", "acme", int)
    assert caller.get("/v1/models/acme%2Fshout").json == one
    assert refusal(caller.get("/v1/models/acme/shot"), 404)["code"] == "model_not_found"


def test_a_hub_with_keys_wants_one_as_these_clients_send_it(serve: Callable[..., Caller]) -> None:
    caller = serve(Hub(builtin=False, keys=["a-key"]))
    answer = caller.get("/v1/models")
    assert refusal(answer, 401)["code"] == "invalid_api_key"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert caller.get("/v1/models", authorization="Bearer a-key").status == 200
