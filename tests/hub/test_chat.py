"""Chat models of services that speak OpenAI: what they are asked, and what becomes of what they answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain.hub import Hub
from aixplain.hub.backends.openai.entries import entries_of
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.backends.openai.upstream import Upstream

from .conftest import Caller, wait_for
from .scripted import DONE, Asked, Reply, Scripted, completion, delta, event, scripted, trickle, usage

USED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


async def keep(name: str, content: bytes) -> str:
    return name


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture(scope="module")
def caller(serve: Callable[..., Caller], service: Scripted) -> Caller:
    hub = Hub(builtin=False)
    for entry in entries_of(Upstream("up", service.url), [Offered("m")], keep, timeout=2):
        hub.add(entry)
    for entry in entries_of(Upstream("keyed", service.url, "KEY_OF_UP"), [Offered("m")], keep, timeout=20):
        hub.add(entry)
    for entry in entries_of(Upstream("nowhere", "http://127.0.0.1:9/v1"), [Offered("m")], keep, timeout=20):
        hub.add(entry)
    return serve(hub)


@pytest.fixture(autouse=True)
def fresh(service: Scripted) -> None:
    service.asked.clear()
    service.left.clear()


def failure(caller: Caller, path: str = "up/m") -> tuple[int, str]:
    envelope = caller.run(path, {"text": "hi"}).json
    assert envelope["status"] == "FAILED"
    return envelope["statusCode"], envelope["errorMessage"]


# --- What the service is asked --------------------------------------------------------------------


def sent(caller: Caller, service: Scripted, **inputs: Any) -> Any:
    service.answers(completion())
    answer = caller.run("up/m", inputs)
    assert answer.json["status"] == "SUCCESS", answer.body
    return service.asked[-1].json


def test_a_text_is_a_message_after_the_context_and_the_history(caller: Caller, service: Scripted) -> None:
    history = [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "1."}]
    body = sent(caller, service, text="2?", context="Be brief.", history=history, prompt="Answer:")
    assert service.asked[-1].path == "/v1/chat/completions"
    assert body["model"] == "m"
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        *history,
        {"role": "user", "content": "Answer:\n\n2?"},
    ]


@pytest.mark.parametrize("name", ["data", "messages"])
def test_messages_stand_for_a_text(caller: Caller, service: Scripted, name: str) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    for written in (messages, json.dumps(messages), {"messages": messages}):
        assert sent(caller, service, **{name: written})["messages"] == messages


def test_data_may_be_a_text(caller: Caller, service: Scripted) -> None:
    assert sent(caller, service, data="hi")["messages"] == [{"role": "user", "content": "hi"}]


def test_without_any_of_them_nothing_is_sent(caller: Caller, service: Scripted) -> None:
    answer = caller.run("up/m", {"temperature": 1})
    assert answer.status == 400
    assert "Required parameter 'text' is missing" in answer.json["message"]
    assert service.asked == []


@pytest.mark.parametrize("odd", [{"history": "hello"}, {"messages": [1]}, {"history": [1]}])
def test_what_is_no_message_is_refused(caller: Caller, service: Scripted, odd: dict[str, Any]) -> None:
    envelope = caller.run("up/m", {"text": "hi", **odd}).json
    assert envelope["statusCode"] == 400
    assert "A message is an object" in envelope["errorMessage"]


def test_parameters_travel_as_what_they_mean(caller: Caller, service: Scripted) -> None:
    tools = [{"type": "function", "function": {"name": "add", "parameters": {}}}]
    body = sent(
        caller,
        service,
        text="hi",
        temperature="0.5",
        max_tokens="12",
        stop=["a", "b"],
        tools=json.dumps(tools),
        tool_choice="auto",
        response_format={"type": "json_object"},
        extra_body={"keep_alive": "1m"},
    )
    del body["messages"]
    assert body == {
        "model": "m",
        "temperature": 0.5,
        "max_tokens": 12,
        "stop": ["a", "b"],
        "tools": tools,
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "keep_alive": "1m",
    }


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", 2.5), ("max_tokens", -1), ("top_k", -1), ("n", 0), ("top_logprobs", 30)]
)
def test_the_range_of_a_number_is_left_to_the_service(caller: Caller, service: Scripted, name: str, value: float) -> None:
    service.answers(completion())
    caller.run("up/m", {"text": "hi", name: value})
    assert service.asked[-1].json[name] == value


def test_a_word_is_no_number_and_is_refused_before_anything_is_sent(caller: Caller, service: Scripted) -> None:
    assert "Expected text, got str" in caller.run("up/m", {"text": "hi", "temperature": "hot"}).json["message"]
    assert service.asked == []


def test_the_key_is_read_from_the_environment_and_sent(
    caller: Caller, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_UP", "s3cret")
    service.answers(completion())
    caller.run("keyed/m", {"text": "hi"})
    assert service.asked[-1].headers["authorization"] == "Bearer s3cret"


# --- What it answers ------------------------------------------------------------------------------


def test_a_completion_is_data_details_and_usage(caller: Caller, service: Scripted) -> None:
    whole = completion("hello", reasoning_content="hm", tool_calls=[{"id": "1", "function": {"name": "f"}}])
    whole["usage"]["prompt_tokens_details"] = {"cached_tokens": 1}
    service.answers(whole)
    envelope = caller.run("up/m", {"text": "hi"}).json
    assert envelope["data"] == "hello"
    assert envelope["details"] == whole["choices"]
    assert envelope["usage"] == whole["usage"]
    assert envelope["usedCredits"] is None


def test_an_answer_without_content_is_an_empty_text(caller: Caller, service: Scripted) -> None:
    service.answers(completion(None, tool_calls=[]))
    assert caller.run("up/m", {"text": "hi"}).json["data"] == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"choices": []}, "its answer has no choices"),
        ({"hello": 1}, "what it answered is no completion"),
        (b"<html>", "what it answered is no completion"),
        ({"error": {"message": "overloaded"}}, "overloaded"),
    ],
)
def test_an_answer_that_is_none_is_the_suppliers_failure(caller: Caller, service: Scripted, content: Any, words: str) -> None:
    service.answers(content)
    status, message = failure(caller)
    assert status == 485
    assert words in message


# --- How it fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "ours"),
    [(400, 400), (422, 400), (413, 413), (402, 402), (404, 404), (408, 504), (500, 485), (503, 503), (504, 504)],
)
def test_its_errors_are_told_in_its_words(caller: Caller, service: Scripted, status: int, ours: int) -> None:
    service.answers({"error": {"message": "the words"}}, status)
    code, message = failure(caller)
    assert code == ours
    assert "'up'" in message
    assert "the words" in message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_to_who_runs_the_hub_and_nobody_else(
    caller: Caller, service: Scripted, status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KEY_OF_UP", "s3cret")
    service.answers({"error": {"message": "Incorrect API key provided: s3cret"}}, status)
    code, message = failure(caller, "keyed/m")
    assert code == 485
    assert "KEY_OF_UP" in caplog.text
    assert "KEY_OF_UP" not in message
    assert "s3cret" not in message + caplog.text


def test_a_key_that_is_not_set_is_told_likewise(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("KEY_OF_UP", raising=False)
    assert [failure(caller, "keyed/m")[0] for _ in range(3)] == [485] * 3
    assert [line for line in caplog.messages if "set KEY_OF_UP" in line] == caplog.messages[:1]  # a line for each fills the log


def test_too_many_requests_are_passed_on_with_the_time_to_wait(caller: Caller, service: Scripted) -> None:
    service.answers({"error": {"message": "slow down"}}, 429, retry_after="3")
    answer = caller.run("up/m", {"text": "hi"})
    assert answer.status == 429
    assert answer.headers["retry-after"] == "3"
    assert "slow down" in answer.json["message"]


def test_one_that_is_not_there_is_asked_after(caller: Caller) -> None:
    status, message = failure(caller, "nowhere/m")
    assert status == 503
    assert "Is it running?" in message


def test_one_that_says_nothing_is_given_up(caller: Caller, service: Scripted) -> None:
    waiting = threading.Event()
    service.answer = lambda asked, reply: (waiting.wait(20), None)[1]
    status, message = failure(caller)
    waiting.set()
    assert status == 504
    assert "took longer than it may" in message


def test_a_connection_that_breaks_is_the_suppliers_failure(caller: Caller, service: Scripted) -> None:
    service.answer = lambda asked, reply: reply.cut()
    assert failure(caller)[0] == 485


# --- Streams --------------------------------------------------------------------------------------


def streamed(caller: Caller, **options: Any) -> Any:
    return caller.run("up/m", {"text": "hi", "options": {"stream": True, **options}})


@pytest.mark.parametrize("raw", [False, True])
def test_a_stream_passes_through_and_ends_with_what_it_used(caller: Caller, service: Scripted, raw: bool) -> None:
    passed = delta(content="hel") + delta(content="lo") + delta("stop")
    service.streams(passed[:30], passed[30:], usage(3, 2, cached=1), DONE)
    answer = streamed(caller, raw=raw)
    assert answer.body.startswith(passed)
    used, done = answer.events[-2:]
    assert (used["choices"], used["usage"], done) == ([], {**USED, "cached": 1}, "[DONE]")
    assert service.asked[-1].json["stream_options"] == {"include_usage": True}
    newest = caller.get("/sdk/runs?model=up/m&status=finished").json["results"][0]
    assert newest["usage"]["completion_tokens"] == 2


def before_an_unknown(serve: Callable[..., Caller], service: Scripted) -> Caller:
    """A hub that asks the service for the first time."""
    hub = Hub(builtin=False)
    for entry in entries_of(Upstream("up", service.url), [Offered("m")], keep, timeout=2):
        hub.add(entry)
    return serve(hub)


def test_a_service_that_refuses_to_tell_what_it_used_is_asked_without_from_then_on(
    serve: Callable[..., Caller], service: Scripted
) -> None:
    def strict(asked: Asked, reply: Reply) -> None:
        if "stream_options" in asked.json:
            reply.whole({"error": {"message": "Unrecognized request argument supplied: stream_options"}}, 400)
        else:
            reply.stream((delta("stop", content="hi"), DONE))

    caller, service.answer = before_an_unknown(serve, service), strict
    for _ in range(2):
        assert streamed(caller).events[-1] == "[DONE]"
    assert ["stream_options" in each.json for each in service.asked] == [True, False, False]


def test_a_request_that_is_refused_either_way_is_the_callers(serve: Callable[..., Caller], service: Scripted) -> None:
    caller = before_an_unknown(serve, service)
    service.answers({"error": {"message": "too long"}}, 400)
    (failed,) = streamed(caller).events
    assert (failed["statusCode"], "too long" in failed["error"]["message"]) == (400, True)
    service.streams(delta("stop", content="hi"), DONE)
    streamed(caller)
    assert "stream_options" in service.asked[-1].json


def test_a_stream_tells_its_run_in_the_head(caller: Caller, service: Scripted) -> None:
    service.streams(delta("stop", content="hi"), DONE)
    run_id = streamed(caller).headers["x-run-id"]
    assert caller.get(f"/sdk/runs/{run_id}").json["status"] == "SUCCESS"


def test_a_chunk_that_is_split_inside_a_character_arrives_whole(caller: Caller, service: Scripted) -> None:
    chunk = 'data: {"choices":[{"delta":{"content":"é😀"}}]}\n\n'.encode()
    service.streams(*(chunk[at : at + 1] for at in range(len(chunk))), delta("stop"), DONE)
    assert streamed(caller).body.startswith(chunk)


def test_a_giant_chunk_passes(caller: Caller, service: Scripted) -> None:
    giant = delta(content="x" * 3_000_000)
    service.streams(giant, delta("stop"), DONE)
    assert streamed(caller).body.startswith(giant)


@pytest.mark.parametrize("used", [[], "many"])
def test_an_answer_is_not_lost_over_what_it_says_it_used(caller: Caller, service: Scripted, used: Any) -> None:
    service.answers({**completion("hello"), "usage": used})
    envelope = caller.run("up/m", {"text": "hi"}).json
    assert (envelope["data"], envelope["usage"]) == ("hello", None)


def test_text_in_parts_is_text_beside_its_reasoning(caller: Caller, service: Scripted) -> None:
    parts: Any = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "so"}]
    service.answers(completion(parts))
    envelope = caller.run("up/m", {"text": "hi"}).json
    assert envelope["data"] == "so"
    assert envelope["details"][0]["message"]["content"] == parts


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [{"index": 0, "delta": {"content": 5}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}}]},
        {"choices": [{"index": 0, "delta": {}}], "usage": []},
        {"choices": [], "speed": float("nan")},
    ],
    ids=["content", "arguments", "usage", "NaN"],
)
def test_a_stream_is_not_lost_over_an_odd_chunk(caller: Caller, service: Scripted, odd: Any) -> None:
    service.streams(delta(content="one"), event(odd), delta("stop"), DONE)
    assert streamed(caller).body == delta(content="one") + event(odd) + delta("stop") + DONE


def test_what_was_used_is_read_beside_choices_that_are_null(caller: Caller, service: Scripted) -> None:
    service.streams(delta("stop"), event({"choices": None, "usage": USED}), DONE)
    told = streamed(caller).events[-2]
    assert (told["choices"], told["usage"]) == ([], USED)  # and not null, as it came


def test_a_stream_that_comes_again_is_the_whole_answer(caller: Caller, service: Scripted) -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a"'}}
    service.streams(
        delta(reasoning_content="h"),
        delta(reasoning_content="m"),
        delta(content="so"),
        delta(tool_calls=[call]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
        event({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [1]}, "finish_reason": None}]}),
        event({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [2]}, "finish_reason": "tool_calls"}]}),
        usage(3, 2),
        DONE,
    )
    body, headers = b'{"text": "hi", "stream": true}', {"idempotency-key": "again"}
    caller.send("POST", "/api/v2/execute/up/m", body, headers)
    again = caller.send("POST", "/api/v2/execute/up/m", body, headers).json
    assert len(service.asked) == 1
    assert (again["data"], again["usage"]) == ("so", USED)
    assert again["details"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "so",
                "reasoning_content": "hm",
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}],
            },
            "logprobs": {"content": [1, 2]},
            "finish_reason": "tool_calls",
        }
    ]


def test_a_stream_that_is_cut_fails_after_what_came(caller: Caller, service: Scripted) -> None:
    def cut(asked: Asked, reply: Reply) -> None:
        reply.begin()
        reply.piece(delta(content="one"))
        reply.cut()

    service.answer = cut
    first, failed = streamed(caller).events
    assert first["choices"][0]["delta"]["content"] == "one"
    assert (failed["status"], failed["statusCode"]) == ("FAILED", 485)


def test_a_stream_that_stops_without_an_end_was_cut_too(caller: Caller, service: Scripted) -> None:
    service.streams(delta(content="one"))
    assert "stopped without an end" in streamed(caller).events[-1]["error"]["message"]


def test_a_stream_without_done_is_whole_by_its_finish_reason(caller: Caller, service: Scripted) -> None:
    service.streams(delta("stop", content="one"))
    assert streamed(caller).events[-1] == "[DONE]"


@pytest.mark.parametrize(
    "error",
    [{"error": {"message": "out of memory", "code": 500}}, {"object": "error", "message": "out of memory", "code": 500}],
    ids=["of OpenAI's shape", "as older vLLMs tell it"],
)
def test_an_error_in_the_stream_fails_it_after_what_came(caller: Caller, service: Scripted, error: Any) -> None:
    service.streams(delta(content="one") + event(error), DONE)
    first, failed = streamed(caller).events
    assert first["choices"][0]["delta"]["content"] == "one"
    assert "out of memory" in failed["error"]["message"]


def test_chunks_without_choices_or_that_are_no_json_pass(caller: Caller, service: Scripted) -> None:
    odd = event({"choices": [], "prompt_filter_results": []}) + b": keep alive\n\ndata: hello\n\n"
    service.streams(odd, delta("stop"), DONE)
    assert streamed(caller).body.startswith(odd)


def test_a_plain_answer_to_a_stream_is_a_stream_of_one(caller: Caller, service: Scripted) -> None:
    service.answers(completion("all at once"))
    assert streamed(caller).events[0] == {"data": "all at once"}


def test_a_stream_that_is_refused_says_so(caller: Caller, service: Scripted) -> None:
    service.answers({"error": {"message": "slow down"}}, 429)
    (failed,) = streamed(caller).events
    assert failed["statusCode"] == 429


def test_a_slow_first_token_within_the_time_is_waited_for(caller: Caller, service: Scripted) -> None:
    def slow(asked: Asked, reply: Reply) -> None:
        reply.begin()
        threading.Event().wait(0.2)
        reply.piece(delta("stop", content="late") + DONE)
        reply.end()

    service.answer = slow
    assert streamed(caller).events[0]["choices"][0]["delta"]["content"] == "late"


def endless(asked: Asked, reply: Reply) -> None:
    reply.begin()
    while True:
        reply.piece(delta(content="x"))
        threading.Event().wait(0.005)


def test_a_reader_who_leaves_closes_the_connection_to_the_service(caller: Caller, service: Scripted) -> None:
    service.answer = endless
    connection = caller.connect("up/m", {"text": "hi", "stream": True})
    connection.recv(100)
    connection.close()
    assert service.left.wait(20)


def test_a_canceled_run_closes_the_connection_to_the_service(caller: Caller, service: Scripted) -> None:
    service.answer = trickle
    accepted = caller.post("/api/v1/execute/up/m", {"data": "hi"}).json
    assert wait_for(lambda: bool(service.asked))
    caller.send("DELETE", accepted["data"])
    assert service.left.wait(20)


def test_the_connection_serves_again(caller: Caller, service: Scripted) -> None:
    ports = set()

    def answer(asked: Asked, reply: Reply) -> None:
        ports.add(reply.port)
        reply.stream((delta("stop", content="one"), DONE))

    service.answer = answer
    for _ in range(3):
        streamed(caller)
    assert len(ports) == 1
