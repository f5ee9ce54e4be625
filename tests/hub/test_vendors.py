"""Models of a vendor that doesn't speak OpenAI, through the real library, before a scripted service in Anthropic's shape."""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import OpenAI

from aixplain.hub import Hub
from aixplain.hub.backends.openai.listing import EMBEDDING, Offered
from aixplain.hub.declarations import AliasSpec, PriceSpec, Target, UpstreamSpec
from aixplain.hub.prices import Price

from . import anthropic
from .anthropic import BEGIN, CALLING_PART, CALLS, END, THINKING_PART, THINKS, message, says, stops, text_part
from .conftest import Caller, wait_for
from .scripted import Asked, Reply, Scripted, scripted, trickle

KEY = "sk-ant-that-nobody-may-see"
MODELS = (Offered("claude-x", developer="anthropic"),)
USED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
TOOLS = [{"type": "function", "function": {"name": "shout", "parameters": {"type": "object", "properties": {"text": {}}}}}]
STREAM = (BEGIN, THINKING_PART, text_part(1, "hel", "lo"), CALLING_PART, stops("tool_use"), END)


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture(scope="module")
def caller(serve_declared: Callable[..., Caller], service: Scripted) -> Iterator[Caller]:
    def vendor(name: str, url: str, key_env: str, timeout: float = 20) -> UpstreamSpec:
        return UpstreamSpec(name, url, key_env, MODELS, timeout, "anthropic")

    url = service.url.removesuffix("/v1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDE_KEY", KEY)
        yield serve_declared(
            Hub(builtin=False),
            vendor("claude", url, "CLAUDE_KEY"),
            vendor("keyless", url, "NOT_SET"),
            vendor("nowhere", "http://127.0.0.1:9", "CLAUDE_KEY"),
            vendor("hasty", url, "CLAUDE_KEY", 0.3),
            AliasSpec("team/default", (Target("nowhere/claude-x"), Target("claude/claude-x", 0))),
            PriceSpec("claude/claude-x", Price(input_cost_per_token=0.5, output_cost_per_token=2.0)),
        )


@pytest.fixture(autouse=True)
def fresh(service: Scripted) -> None:
    service.asked.clear()
    service.left.clear()


def ran(caller: Caller, path: str = "claude/claude-x", **inputs: Any) -> Any:
    return caller.run(path, {"text": "hi", **inputs}).json


def streamed(caller: Caller, **inputs: Any) -> Any:
    return caller.run("claude/claude-x", {"text": "hi", "stream": True, **inputs})


# --- What the vendor is asked ---------------------------------------------------------------------


def test_the_catalog_tells_what_its_models_take(caller: Caller) -> None:
    model = caller.get("/v2/models/claude%2Fclaude-x").json
    assert (model["developer"], model["function"]["id"]) == ("anthropic", "text-generation")
    assert model["supportsStreaming"] is True
    names = {parameter["name"] for parameter in model["params"]}
    assert names >= {"text", "context", "history", "messages", "max_tokens", "tools", "response_format", "top_k"}
    assert not names & {"seed", "n", "logprobs", "frequency_penalty"}


def test_it_is_asked_in_its_own_protocol(caller: Caller, service: Scripted) -> None:
    service.answers(message(says("hello")))
    history = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "1."}]
    assert ran(caller, context="Be kind.", history=history, temperature="0.5", stop=["x"], tools=TOOLS)["data"] == "hello"
    asked = service.asked[-1]
    assert (asked.path, asked.headers["x-api-key"]) == ("/v1/messages", KEY)
    assert asked.json["system"] == "Be kind."
    assert asked.json["messages"] == [*history, {"role": "user", "content": "hi"}]
    assert (asked.json["temperature"], asked.json["max_tokens"], asked.json["stop_sequences"]) == (0.5, 8192, ["x"])
    assert asked.json["tools"][0]["input_schema"]["properties"] == {"text": {}}


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_most_tokens_have_either_name(caller: Caller, service: Scripted, name: str) -> None:
    service.answers(message(says("hello")))
    ran(caller, **{name: 12})
    assert service.asked[-1].json["max_tokens"] == 12


def test_further_keys_go_into_the_body_and_steer_nothing(caller: Caller, service: Scripted) -> None:
    """What a vendor's client takes beside the body could send the hub's key elsewhere."""
    service.answers(message(says("hello")))
    extra = {
        "thinking": {"type": "adaptive"},
        "model": "dear",
        "stream": True,
        "extra_headers": {"x-api-key": "mine"},
        "timeout": 1,
    }
    assert ran(caller, extra_body=extra)["data"] == "hello"
    asked = service.asked[-1]
    assert (asked.json["model"], asked.json["thinking"]) == ("claude-x", {"type": "adaptive"})
    assert asked.json.get("stream") is not True
    assert asked.headers["x-api-key"] == KEY


def test_what_it_thought_goes_back_to_it_with_what_a_tool_gave(caller: Caller, service: Scripted) -> None:
    service.answers(message(THINKS, CALLS, stop_reason="tool_use"))
    said = ran(caller, tools=TOOLS)["details"][0]["message"]
    given = {"role": "tool", "tool_call_id": "toolu_1", "content": "HI"}
    service.answers(message(says("done")))
    caller.run("claude/claude-x", {"messages": [{"role": "user", "content": "hi"}, said, given], "tools": TOOLS})
    assert service.asked[-1].json["messages"][1:] == [
        {"role": "assistant", "content": [THINKS, CALLS]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "HI"}]},
    ]


def test_what_only_openai_knows_is_not_sent(caller: Caller, service: Scripted) -> None:
    wanted = {
        "frequency_penalty": 0.5,
        "logit_bias": {"1": 2},
        "seed": 7,
        "n": 1,
        "user": "ada",
        "store": True,
        "top_logprobs": 2,
    }
    messages = [{"role": "user", "content": "hi"}]
    service.answers(message(says("done")))
    done = caller.post(
        "/v1/chat/completions", {"model": "claude/claude-x", "messages": messages, "metadata": {"user_id": "1"}, **wanted}
    )
    assert done.status == 200, done.body
    assert not wanted.keys() & service.asked[-1].json.keys()
    assert service.asked[-1].json["metadata"] == {"user_id": "1"}


def test_several_answers_of_a_vendor_that_gives_one_are_refused(caller: Caller, service: Scripted) -> None:
    messages = [{"role": "user", "content": "hi"}]
    refused = caller.post("/v1/chat/completions", {"model": "claude/claude-x", "messages": messages, "n": 2})
    assert refused.status == 400
    assert "one answer at a time" in refused.json["error"]["message"]
    assert service.asked == []


def test_the_range_of_a_number_is_left_to_the_vendor(caller: Caller, service: Scripted) -> None:
    ran(caller, temperature=1.5)
    assert service.asked[-1].json["temperature"] == 1.5


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"response_format": {"type": "json_object"}}, "json_object"),
        ({"extra_body": "red"}, "It is an object whose keys the upstream takes"),
        ({"messages": [{"content": "hi"}]}, "Each message has a role"),
    ],
)
def test_what_can_not_be_put_to_it_is_the_callers(caller: Caller, service: Scripted, odd: Any, words: str) -> None:
    envelope = ran(caller, **odd)
    assert envelope["statusCode"] == 400
    assert words in envelope["errorMessage"]
    assert service.asked == []


# --- What it answers ------------------------------------------------------------------------------


def test_thoughts_text_and_calls_are_one_alternative_of_openais(caller: Caller, service: Scripted) -> None:
    service.answers(message(THINKS, says("hello"), CALLS, stop_reason="tool_use"))
    envelope = ran(caller, tools=TOOLS)
    (detail,) = envelope["details"]
    assert (envelope["data"], detail["finish_reason"]) == ("hello", "tool_calls")
    assert (detail["message"]["role"], detail["message"]["reasoning"]) == ("assistant", "They greet me.")
    (call,) = detail["message"]["tool_calls"]
    assert (call["id"], call["function"]) == ("toolu_1", {"name": "shout", "arguments": '{"text": "hi"}'})


def test_what_it_used_is_told_and_paid(caller: Caller, service: Scripted) -> None:
    service.answers(message(says("hello")))
    envelope = ran(caller)
    assert (envelope["usage"], envelope["usedCredits"]) == (USED, 3 * 0.5 + 2 * 2.0)
    assert caller.get("/sdk/runs?model=claude/claude-x").json["results"][0]["usage"]["total_tokens"] == 5


@pytest.mark.parametrize(("reason", "ours"), [("end_turn", "stop"), ("max_tokens", "length"), ("refusal", "content_filter")])
def test_why_it_ends_is_told_in_openais_words(caller: Caller, service: Scripted, reason: str, ours: str) -> None:
    service.answers(message(says("hello"), stop_reason=reason))
    assert ran(caller)["details"][0]["finish_reason"] == ours


def test_a_stream_is_openais_chunks_and_ends_with_what_it_used(caller: Caller, service: Scripted) -> None:
    service.streams(*STREAM)
    *chunks, used, done = streamed(caller).events
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert [delta["reasoning"] for delta in deltas if "reasoning" in delta] == ["They ", "greet me."]
    assert [delta["content"] for delta in deltas if "content" in delta] == ["hel", "lo"]
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert [call["index"] for call in calls] == [0, 0, 0]
    assert "".join(call["function"]["arguments"] for call in calls) == '{"text": "hi"}'
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all(any(delta.values()) for delta in deltas[:-1])
    assert (used["usage"], done) == (USED, "[DONE]")


def test_a_stream_that_comes_again_is_the_whole_answer(caller: Caller, service: Scripted) -> None:
    service.streams(*STREAM)
    body, headers = b'{"text": "hi", "stream": true}', {"idempotency-key": "again"}
    caller.send("POST", "/api/v2/execute/claude/claude-x", body, headers)
    again = caller.send("POST", "/api/v2/execute/claude/claude-x", body, headers).json
    assert len(service.asked) == 1
    said = again["details"][0]["message"]
    assert (again["data"], said["reasoning"], said["tool_calls"][0]["id"]) == ("hello", "They greet me.", "toolu_1")
    assert said["extra_content"] == {"anthropic": {"signature": "c2ln"}}


def test_clients_of_openai_are_answered_too(caller: Caller, service: Scripted) -> None:
    service.answers(message(says("hello")))
    asked = {"model": "claude/claude-x", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
    whole = caller.post("/v1/chat/completions", asked).json
    assert (whole["choices"][0]["message"]["content"], whole["usage"]) == ("hello", USED)
    service.streams(*STREAM)
    events = caller.post("/v1/chat/completions", {**asked, "stream": True}).events
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events[:-1] if event["choices"]) == "hello"


def test_openais_own_client_puts_a_streamed_call_together(caller: Caller, service: Scripted) -> None:
    service.streams(*STREAM)
    with OpenAI(api_key="a-key", base_url=f"{caller.url}/v1") as client:
        messages: Any = [{"role": "user", "content": "hi"}]
        tools: Any = TOOLS
        with client.chat.completions.stream(model="claude/claude-x", messages=messages, tools=tools) as stream:
            (choice,) = stream.get_final_completion().choices
    assert (choice.message.content, choice.finish_reason) == ("hello", "tool_calls")
    (call,) = choice.message.tool_calls or ()
    assert (call.id, call.function.name, call.function.arguments) == ("toolu_1", "shout", '{"text": "hi"}')


# --- How it fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "ours"),
    [
        (400, "invalid_request_error", 400),
        (404, "not_found_error", 404),
        (413, "request_too_large", 413),
        (500, "api_error", 485),
        (504, "timeout_error", 504),
        (529, "overloaded_error", 503),
    ],
)
def test_its_errors_are_told_in_its_words(caller: Caller, service: Scripted, status: int, kind: str, ours: int) -> None:
    service.answers(anthropic.error(kind, "the author's words"), status)
    envelope = ran(caller)
    assert envelope["statusCode"] == ours
    assert "'claude'" in envelope["errorMessage"]
    assert envelope["errorMessage"].endswith("the author's words")
    assert len(service.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(401, "authentication_error"), (403, "permission_error")])
def test_a_refused_key_is_told_to_who_runs_the_hub_and_nobody_else(
    caller: Caller, service: Scripted, status: int, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers(anthropic.error(kind, f"invalid x-api-key {KEY}"), status)
    envelope = ran(caller)
    assert envelope["statusCode"] == 485
    assert "refused the key in CLAUDE_KEY" in caplog.text
    assert "CLAUDE_KEY" not in envelope["errorMessage"]
    assert KEY not in envelope["errorMessage"] + caplog.text


def test_a_key_that_is_not_set_is_told_likewise(caller: Caller, service: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    assert ran(caller, "keyless/claude-x")["statusCode"] == 485
    assert "set NOT_SET" in caplog.text
    assert service.asked == []


@pytest.mark.parametrize("sign", ["\n", "é"])
def test_a_key_that_can_not_be_sent_is_told_likewise(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, sign: str
) -> None:
    monkeypatch.setenv("CLAUDE_KEY", KEY + sign)
    with caplog.at_level(logging.ERROR):
        envelope = ran(caller)
    assert envelope["errorMessage"].startswith("This hub's key for the upstream 'claude' can't be sent")
    assert KEY not in caplog.text


def test_the_time_to_wait_is_passed_on(caller: Caller, service: Scripted) -> None:
    service.answers(anthropic.error("rate_limit_error", "slow down"), 429, retry_after="3")
    answer = caller.run("claude/claude-x", {"text": "hi"})
    assert (answer.status, answer.headers["retry-after"]) == (429, "3")
    assert len(service.asked) == 1


def test_one_that_is_not_there_is_asked_after(caller: Caller) -> None:
    envelope = ran(caller, "nowhere/claude-x")
    assert envelope["statusCode"] == 503
    assert "Is it running?" in envelope["errorMessage"]


def test_one_that_says_nothing_is_given_up(caller: Caller, service: Scripted) -> None:
    waiting = threading.Event()
    service.answer = lambda asked, reply: (waiting.wait(20), None)[1]
    envelope = ran(caller, "hasty/claude-x")
    waiting.set()
    assert envelope["statusCode"] == 504


@pytest.mark.parametrize("content", [b"<html>", {"hello": 1}, [1]])
def test_an_answer_that_is_none_is_the_suppliers_failure(caller: Caller, service: Scripted, content: Any) -> None:
    service.answers(content)
    assert ran(caller)["statusCode"] == 485


def test_an_error_in_the_stream_fails_it_after_what_came(caller: Caller, service: Scripted) -> None:
    overloaded = anthropic.event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    service.streams(BEGIN, text_part(0, "one"), overloaded)
    first, failed = streamed(caller).events
    assert first["choices"][0]["delta"]["content"] == "one"
    assert (failed["status"], failed["statusCode"]) == ("FAILED", 503)
    assert "Overloaded" in failed["error"]["message"]


def test_a_stream_that_is_cut_fails_after_what_came(caller: Caller, service: Scripted) -> None:
    def cut(asked: Asked, reply: Reply) -> None:
        reply.begin()
        reply.piece(BEGIN + text_part(0, "one"))
        reply.cut()

    service.answer = cut
    first, failed = streamed(caller).events
    assert first["choices"][0]["delta"]["content"] == "one"
    assert (failed["statusCode"], "was cut" in failed["error"]["message"]) == (485, True)


def test_a_stream_that_stops_without_an_end_was_cut_too(caller: Caller, service: Scripted) -> None:
    service.streams(BEGIN, text_part(0, "one"))
    assert "stopped without an end" in streamed(caller).events[-1]["error"]["message"]


def test_an_alias_falls_back_on_it_and_from_it(caller: Caller, service: Scripted) -> None:
    service.answers(message(says("hello")))
    assert ran(caller, "team/default")["data"] == "hello"
    (run, *_) = caller.get("/sdk/runs?model=team/default").json["results"]
    assert [(tried["model"], tried["status"]) for tried in run["tried"]] == [
        ("nowhere/claude-x", 503),
        ("claude/claude-x", None),
    ]


# --- How it is left -------------------------------------------------------------------------------


def test_a_reader_who_leaves_closes_the_connection_to_it(caller: Caller, service: Scripted) -> None:
    def endless(asked: Asked, reply: Reply) -> None:
        reply.begin()
        reply.piece(BEGIN + anthropic.event("content_block_start", index=0, content_block=says("")))
        while True:
            reply.piece(anthropic.event("content_block_delta", index=0, delta={"type": "text_delta", "text": "x"}))
            threading.Event().wait(0.005)

    service.answer = endless
    connection = caller.connect("claude/claude-x", {"text": "hi", "stream": True})
    received = b""
    while b'"content":"x"' not in received:  # the head is there before the vendor is asked
        received += connection.recv(1000)
    connection.close()
    assert service.left.wait(20)


def test_a_canceled_run_closes_the_connection_to_it(caller: Caller, service: Scripted) -> None:
    service.answer = trickle
    accepted = caller.post("/api/v1/execute/claude/claude-x", {"data": "hi"}).json
    assert wait_for(lambda: bool(service.asked))
    caller.send("DELETE", accepted["data"])
    assert service.left.wait(20)


def test_a_text_that_is_refused_ends_the_requests_for_those_beside_it(
    serve_declared: Callable[..., Caller], service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_by_one(asked: Asked, reply: Reply) -> None:
        texts = asked.json["input"]
        if isinstance(texts, list):  # one vector of them all
            reply.whole({"object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]})
        elif texts == "odd":
            assert wait_for(lambda: len(service.asked) == 3)
            reply.whole({"error": {"message": "too odd"}}, 400)
        else:
            reply.begin("application/json")
            while True:
                reply.piece(b" ")
                threading.Event().wait(0.005)

    monkeypatch.setenv("CLAUDE_KEY", KEY)
    spec = UpstreamSpec("blends", service.url, "CLAUDE_KEY", (Offered("e", EMBEDDING),), vendor="openai")
    service.answer = one_by_one
    envelope = serve_declared(Hub(builtin=False), spec).run("blends/e", {"text": ["even", "odd"]}).json
    assert "too odd" in envelope["errorMessage"]
    assert service.left.wait(5)


# --- Without the library --------------------------------------------------------------------------


def test_without_the_library_the_others_serve_on_and_the_log_says_what_to_install(
    serve_declared: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "any_llm" else found(name))
    hub = Hub(builtin=False)
    hub.model("acme/shout")(lambda text: text)
    with caplog.at_level(logging.ERROR):
        caller = serve_declared(hub, UpstreamSpec("claude", "", "CLAUDE_KEY", MODELS, vendor="anthropic"))
    assert caller.found() == ["acme/shout"]
    assert "the models of claude are left out" in caplog.text
    assert "pip install 'aixplain-models[hub,vendors]'" in caplog.text
