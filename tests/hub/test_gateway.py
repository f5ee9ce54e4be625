"""A hub before services that speak OpenAI: what runs that end early used, what passes through, and when an alias goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, Output
from aixplain.hub.backends import resting
from aixplain.hub.backends.openai import chat
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.declarations import AliasSpec, PriceSpec, Target, UpstreamSpec
from aixplain.hub.prices import Price

from .conftest import Answer, Caller, wait_for
from .scripted import DONE, Asked, Reply, Scripted, completion, delta, event, scripted, usage

ROLE = delta(role="assistant", content="")
MODELS = ("bad", "good", "embed", "new", "old")


@pytest.fixture(scope="module")
def service() -> Iterator[Scripted]:
    with scripted() as running:
        yield running


@pytest.fixture(scope="module")
def caller(serve_declared: Callable[..., Caller], service: Scripted) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("own/counts")
    def counts(text: str) -> Output:
        """Tells the parts of its usage."""
        return Output(text, usage=Usage(*json.loads(text)))

    @hub.model("own/talks")
    async def talks(text: str) -> AsyncIterator[str]:
        """Says 8 characters, and then breaks or waits."""
        yield "abcdefgh"
        if text == "break":
            raise ValueError("no memory")
        await asyncio.sleep(60)

    @hub.model("own/waits")
    async def waits(text: str) -> str:
        await asyncio.sleep(60)
        return text

    offered = tuple(Offered(name, "text-embedding" if name == "embed" else "text-generation") for name in MODELS)
    targets = (Target("up/bad", 1e5), Target("up/good", 0.0))
    return serve_declared(
        hub,
        UpstreamSpec("up", service.url, models=offered),
        AliasSpec("team/both", targets, 2.0),
        AliasSpec("team/one", (Target("up/good"),)),
        PriceSpec("up/good", Price(input_cost_per_token=1.0, output_cost_per_token=2.0)),
        *(PriceSpec(path, Price(input_cost_per_request=0.5)) for path in ("up/bad", "up/embed", "own/talks", "own/waits")),
    )


@pytest.fixture(autouse=True)
def fresh(service: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    service.asked.clear()
    monkeypatch.setattr(resting, "FAILURES", 1_000_000)  # one test's failures don't change the order of the next


def ask(caller: Caller, model: str, **more: Any) -> Answer:
    return caller.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": "hi"}], **more})


def by_model(service: Scripted, **answers: Callable[[Asked, Reply], None]) -> None:
    """Answer each model in its own way."""
    service.answer = lambda asked, reply: answers[asked.json["model"]](asked, reply)


def streams(*pieces: bytes) -> Callable[[Asked, Reply], None]:
    return lambda asked, reply: reply.stream(pieces)


def last_run(caller: Caller, model: str) -> Any:
    return caller.get(f"/sdk/runs?model={model}").json["results"][0]


# --- What a run used that ended early -------------------------------------------------------------


def leave_a_stream(caller: Caller, service: Scripted, *pieces: bytes, model: str = "up/good") -> Any:
    """Read the first piece of a stream that then waits, leave, and give the run as the ledger has it."""
    service.left.clear()

    def answer(asked: Asked, reply: Reply) -> None:
        reply.begin()
        for piece in pieces:
            reply.piece(piece)
        while True:  # until the hub has left too
            time.sleep(0.02)
            reply.piece(b": waiting\n\n")

    service.answer = answer
    before = len(caller.get(f"/sdk/runs?model={model}").json["results"])
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "x" * 40}]}
    with caller.begin("/v1/chat/completions", body, {"content-type": "application/json"}) as connection:
        read = b""
        while b'"content": "a' not in read:
            read += connection.recv(1000)
    assert wait_for(lambda: len(caller.get(f"/sdk/runs?model={model}").json["results"]) > before)
    assert service.left.wait(10)
    return last_run(caller, model)


def test_the_usage_that_a_service_told_counts_for_a_caller_who_leaves(caller: Caller, service: Scripted) -> None:
    run = leave_a_stream(caller, service, ROLE, usage(10, 20), delta(content="a"))
    assert (run["state"], run["usage"], run["usedCredits"]) == (
        "canceled",
        {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
        50.0,
    )


def test_tokens_are_estimated_where_the_service_told_none_before_its_caller_left(caller: Caller, service: Scripted) -> None:
    run = leave_a_stream(caller, service, ROLE, delta(content="abcdefgh"))
    assert run["usage"]["completion_tokens"] == 2
    assert run["usage"]["prompt_tokens"] >= 10
    assert run["usedCredits"] == run["usage"]["prompt_tokens"] + 2 * 2.0


def test_a_price_per_request_counts_for_a_caller_who_leaves(caller: Caller, service: Scripted) -> None:
    assert leave_a_stream(caller, service, ROLE, delta(content="a"), model="up/bad")["usedCredits"] == 0.5


def test_a_stream_that_fails_in_its_middle_counts_what_it_used(caller: Caller, service: Scripted) -> None:
    service.streams(ROLE, delta(content="a"), usage(10, 20), event({"error": {"message": "no memory"}}))
    assert "no memory" in ask(caller, "up/good", stream=True).body.decode()
    run = last_run(caller, "up/good")
    assert (run["state"], run["usage"]["total_tokens"], run["usedCredits"]) == ("failed", 30, 50.0)


def test_a_caller_who_leaves_a_whole_answer_is_counted(caller: Caller, service: Scripted) -> None:
    service.answer = lambda asked, reply: time.sleep(1)
    before = len(caller.get("/sdk/runs?model=up/good").json["results"])
    body = {"model": "up/good", "messages": [{"role": "user", "content": "x" * 40}]}
    with caller.begin("/v1/chat/completions", body, {"content-type": "application/json"}):
        assert wait_for(lambda: bool(service.asked))
    assert wait_for(lambda: len(caller.get("/sdk/runs?model=up/good").json["results"]) > before)
    run = last_run(caller, "up/good")
    assert run["state"] == "canceled"
    assert run["usage"]["prompt_tokens"] >= 10
    assert run["usedCredits"] >= 10


def leave(caller: Caller, address: str, body: dict[str, Any], model: str, until: Callable[[bytes], bool]) -> Any:
    """Post, leave when enough of the answer came, and give the run as the ledger has it."""
    before = len(caller.get(f"/sdk/runs?model={model}").json["results"])
    with caller.begin(address, body, {"content-type": "application/json"}) as connection:
        read = b""
        while not until(read):
            read += connection.recv(1000)
    assert wait_for(lambda: len(caller.get(f"/sdk/runs?model={model}").json["results"]) > before)
    return last_run(caller, model)


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/v1/chat/completions", {"model": "own/talks", "stream": True, "messages": [{"role": "user", "content": "hi"}]}),
        ("/api/v2/execute/own/talks", {"text": "hi", "options": {"stream": True}}),
    ],
)
def test_a_function_counts_the_text_that_it_told_and_its_request(caller: Caller, address: str, body: dict[str, Any]) -> None:
    run = leave(caller, address, body, "own/talks", lambda read: b"abcdefgh" in read)
    assert (run["state"], run["usage"]["completion_tokens"], run["usedCredits"]) == ("canceled", 2, 0.5)


def test_a_function_that_breaks_in_its_middle_counts_the_same(caller: Caller) -> None:
    caller.run("own/talks", {"text": "break", "options": {"stream": True}})
    run = last_run(caller, "own/talks")
    assert (run["state"], run["usage"]["completion_tokens"], run["usedCredits"]) == ("failed", 2, 0.5)


def test_a_request_counts_for_a_caller_who_leaves_a_whole_answer(caller: Caller, service: Scripted) -> None:
    service.answer = lambda asked, reply: time.sleep(1)
    body = {"model": "up/embed", "input": "x" * 40}
    run = leave(caller, "/v1/embeddings", body, "up/embed", lambda _: wait_for(lambda: bool(service.asked)))
    assert (run["state"], run["usage"]["prompt_tokens"], run["usedCredits"]) == ("canceled", 10, 0.5)


def test_an_alias_costs_what_its_model_does_for_a_caller_who_leaves(caller: Caller, service: Scripted) -> None:
    run = leave_a_stream(caller, service, ROLE, usage(10, 20), delta(content="a"), model="team/one")
    assert (run["state"], run["usage"]["total_tokens"], run["usedCredits"]) == ("canceled", 30, 50.0)


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
def test_a_refusal_uses_nothing(caller: Caller, service: Scripted, streamed: bool) -> None:
    service.answers({"error": {"message": "no"}}, 400)
    for model in ("up/bad", "up/good"):
        ask(caller, model, stream=streamed)
        run = last_run(caller, model)
        assert (run["state"], run["usage"], run["usedCredits"]) == ("failed", None, None)


def test_the_bytes_of_a_picture_are_no_tokens(caller: Caller, service: Scripted) -> None:
    service.answer = lambda asked, reply: time.sleep(1)
    parts = [
        {"type": "text", "text": "what?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}},
    ]
    body = {"model": "up/good", "messages": [{"role": "user", "content": parts}]}
    run = leave(caller, "/v1/chat/completions", body, "up/good", lambda _: wait_for(lambda: bool(service.asked)))
    assert run["usage"]["prompt_tokens"] == 2


# --- Aliases --------------------------------------------------------------------------------------

FILTERS = event({"choices": [], "prompt_filter_results": [{"prompt_index": 0}]})
BEFORE = [ROLE, b": hello\n\n", FILTERS, delta(content=""), ROLE + FILTERS]


@pytest.mark.parametrize("before", BEFORE, ids=["role", "comment", "filters", "empty", "several"])
@pytest.mark.parametrize("ending", ["error", "cut", "stall", "status"])
def test_an_alias_goes_on_until_the_first_token(caller: Caller, service: Scripted, before: bytes, ending: str) -> None:
    def bad(asked: Asked, reply: Reply) -> None:
        if ending == "status":
            return reply.whole({"error": {"message": "busy"}}, 503)
        reply.begin()
        reply.piece(before)
        if ending == "error":
            reply.piece(event({"error": {"message": "overloaded"}}))
        elif ending == "cut":
            reply.cut()
        else:
            time.sleep(2.5)
        return None

    by_model(service, bad=bad, good=streams(ROLE, delta(content="good"), delta("stop"), DONE))
    text = ask(caller, "team/both", stream=True).body.decode()
    assert text.count('"good"') == 1
    assert text.count('"role": "assistant"') == 1  # that of the model which failed was held back


@pytest.mark.parametrize(
    "token", [delta(content="a"), delta(reasoning_content="hm"), delta(tool_calls=[{"index": 0, "id": "c"}]), delta("stop")]
)
def test_after_the_first_token_an_alias_stays(caller: Caller, service: Scripted, token: bytes) -> None:
    by_model(service, bad=streams(ROLE, token, event({"error": {"message": "overloaded"}})), good=streams(DONE))
    assert "overloaded" in ask(caller, "team/both", stream=True).body.decode()
    assert [each.json["model"] for each in service.asked] == ["bad"]


@pytest.mark.parametrize(
    ("status", "code", "goes_on"),
    [
        (400, "context_length_exceeded", True),
        (402, "insufficient_credits", True),
        (403, "unsupported_country_region_territory", True),
        (404, "model_not_found", True),
        (400, "content_filter", False),
        (400, None, False),
    ],
)
def test_an_alias_goes_on_where_another_model_may_do(
    caller: Caller, service: Scripted, status: int, code: str | None, goes_on: bool
) -> None:
    refusal = {"error": {"message": "no", "code": code}}
    by_model(service, bad=lambda _, reply: reply.whole(refusal, status), good=lambda _, reply: reply.whole(completion()))
    assert (ask(caller, "team/both").status == 200) is goes_on


# --- What passes through --------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "context_length_exceeded"),
        (400, "content_filter"),
        (402, "insufficient_credits"),
        (403, "unsupported_country_region_territory"),
        (404, "model_not_found"),
        (429, "insufficient_quota"),
    ],
)
def test_refusals_keep_their_status_code_and_words(
    caller: Caller, service: Scripted, status: int, code: str, streamed: bool
) -> None:
    service.answers({"error": {"message": "the words", "type": "invalid_request_error", "code": code}}, status)
    answer = ask(caller, "up/good", stream=streamed)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert "the words" in answer.json["error"]["message"]


REFUSAL = {"message": "the words", "type": "tokens", "param": "messages[0]", "code": "a_code"}
TOLD = {name: REFUSAL[name] for name in ("type", "param", "code")}


@pytest.mark.parametrize("model", ["up/good", "team/one"])
@pytest.mark.parametrize("status", [400, 402, 403, 404, 413, 429, 500, 503])
def test_what_a_refusal_tells_programs_is_passed_on_everywhere(
    caller: Caller, service: Scripted, model: str, status: int
) -> None:
    service.answers({"error": REFUSAL}, status)
    for streamed in (False, True):
        error = ask(caller, model, stream=streamed).json["error"]
        assert {name: error[name] for name in TOLD} == TOLD
    [event] = caller.run(model, {"text": "hi", "options": {"stream": True}}).events
    assert {name: event["error"][name] for name in TOLD} == TOLD
    if status != 429:  # which has no envelope in the protocol
        envelope = caller.run(model, {"text": "hi"}).json
        assert (envelope["errorType"], envelope["errorParam"], envelope["errorCode"]) == tuple(TOLD.values())


def test_an_error_in_the_middle_of_a_stream_tells_the_same(caller: Caller, service: Scripted) -> None:
    service.streams(delta(content="a"), event({"error": REFUSAL}))
    error = ask(caller, "up/good", stream=True).events[-1]["error"]
    assert {name: error[name] for name in TOLD} == TOLD


def test_the_address_of_a_service_is_not_told(caller: Caller, service: Scripted) -> None:
    service.answers({"error": {"message": f"{service.url}/x has no such model"}}, 404)
    refused = ask(caller, "up/good")
    service.answer = lambda asked, reply: reply.cut()
    broken = ask(caller, "up/good")
    for answer in (refused, broken):
        assert service.url.split("/")[2] not in answer.body.decode()
        assert "'up'" in answer.json["error"]["message"]


def test_a_whole_answer_keeps_the_fields_of_the_service(caller: Caller, service: Scripted) -> None:
    fields = {
        "id": "c1",
        "model": "m-2026",
        "system_fingerprint": "fp",
        "citations": ["https://example.com"],
    }
    service.answers({**completion(reasoning_details=[{"text": "hm"}]), **fields})
    answer = ask(caller, "up/good").json
    assert {name: answer[name] for name in fields} == fields
    assert answer["choices"][0]["message"]["reasoning_details"] == [{"text": "hm"}]
    assert answer["object"] == "chat.completion"
    assert caller.run("up/good", {"text": "hi"}).json["rawData"]["citations"] == ["https://example.com"]


def test_further_fields_of_embeddings_reach_the_service(caller: Caller, service: Scripted) -> None:
    service.answers({"data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 1, "total_tokens": 1}})
    wanted = {"model": "up/embed", "input": "a", "input_type": "query", "truncate": "END", "dimensions": 8}
    assert caller.post("/v1/embeddings", wanted).status == 200
    assert {name: service.asked[-1].json.get(name) for name in ("input_type", "truncate", "dimensions")} == {
        "input_type": "query",
        "truncate": "END",
        "dimensions": 8,
    }


def test_vectors_in_base64_are_read(caller: Caller, service: Scripted) -> None:
    service.answers({"data": [{"index": 0, "embedding": "AAAAPwAAgD8="}]})
    assert caller.run("up/embed", {"text": "a"}).json["data"] == [0.5, 1.0]


# --- stream_options -------------------------------------------------------------------------------


def refuses_options(asked: Asked, reply: Reply) -> None:
    if "stream_options" in asked.json:
        reply.whole({"error": {"message": "Unrecognized request argument supplied: stream_options"}}, 400)
    else:
        reply.stream((delta(content="hi"), delta("stop"), DONE))


@pytest.mark.parametrize("order", [("new", "old", "new"), ("old", "new", "old")])
def test_whether_usage_is_told_is_known_for_each_model(caller: Caller, service: Scripted, order: tuple[str, ...]) -> None:
    by_model(service, new=streams(delta(content="hi"), delta("stop"), usage(3, 4), DONE), old=refuses_options)
    for model in order:
        text = ask(caller, f"up/{model}", stream=True, stream_options={"include_usage": True}).body.decode()
        assert '"hi"' in text
        assert ('"total_tokens"' in text) is (model == "new")


def test_a_service_that_was_updated_is_asked_for_its_usage_again(
    caller: Caller, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "RELEARN_SECONDS", 0.0)
    service.answer = refuses_options
    ask(caller, "up/old", stream=True)
    service.streams(delta(content="hi"), delta("stop"), usage(3, 4), DONE)
    assert '"total_tokens"' in ask(caller, "up/old", stream=True, stream_options={"include_usage": True}).body.decode()


# --- Odd answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/html", "application/octet-stream"])
def test_an_answer_is_read_as_what_it_is_whatever_its_content_type(caller: Caller, service: Scripted, media_type: str) -> None:
    events = delta(content="hello") + delta("stop") + DONE
    for body in (json.dumps(completion()).encode(), b"\xef\xbb\xbf " + json.dumps(completion()).encode(), events):
        service.answers(body, content_type=media_type)
        assert ask(caller, "up/good").json["choices"][0]["message"]["content"] == "hello"
        assert '"hello"' in ask(caller, "up/good", stream=True).body.decode()


@pytest.mark.parametrize("odd", [b"NaN", b"9" * 5000, b"1e999"])
def test_an_odd_value_in_an_answer_costs_no_text(caller: Caller, service: Scripted, odd: bytes) -> None:
    service.answers(json.dumps(completion()).encode().replace(b'"finish_reason"', b'"logprobs": %s, "finish_reason"' % odd))
    assert ask(caller, "up/good").json["choices"][0]["message"]["content"] == "hello"


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
def test_a_field_that_is_nested_too_deeply_is_left_out(caller: Caller, service: Scripted, streamed: bool) -> None:
    service.answers(json.dumps(completion()).encode()[:-1] + b', "odd": ' + DEEP + b"}")
    assert '"hello"' in ask(caller, "up/good", stream=streamed).body.decode()


@pytest.mark.parametrize("depth", [*range(900, 1100, 10), 100_000])
def test_an_answer_that_is_nested_too_deeply_is_told_in_plain_words(caller: Caller, service: Scripted, depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    service.answers(json.dumps(completion()).encode().replace(b'"finish_reason"', b'"odd": ' + deep + b', "finish_reason"'))
    body = ask(caller, "up/good").body
    assert b"RecursionError" not in body
    assert b"hello" in body or b"nested too deeply" in body


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"retry_after": "3"}, "3"),
        ({"retry_after_ms": "1500"}, "2"),
        ({"x_ratelimit_reset_requests": "6m0s"}, "360"),
        ({"x_ratelimit_reset_tokens": "20ms"}, "1"),
        ({"x_ratelimit_reset_tokens": "1h0m.5s"}, "3601"),
        ({"x_ratelimit_reset_tokens": "1.2.3s"}, None),
    ],
)
def test_the_time_that_a_service_asks_for_is_passed_on(
    caller: Caller, service: Scripted, told: dict[str, str], seconds: str | None
) -> None:
    service.answers({"error": {"message": "slow down"}}, 429, **told)
    assert ask(caller, "up/good").headers.get("retry-after") == seconds


@pytest.mark.parametrize("zone", ["Z", "+00:00", ""])
def test_a_date_without_a_zone_is_in_utc(caller: Caller, service: Scripted, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    monkeypatch.setenv("TZ", "America/Lima")
    time.tzset()
    try:
        service.answers({"error": {"message": "slow down"}}, 429, x_ratelimit_reset=until + zone)
        assert 3500 < int(ask(caller, "up/good").headers["retry-after"]) <= 3600
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_service_that_is_busy_is_left_alone_for_its_milliseconds(caller: Caller, service: Scripted) -> None:
    service.answers({"error": {"message": "busy"}}, 503, retry_after_ms="1500")
    assert ask(caller, "up/good").headers["retry-after"] == "2"


@pytest.mark.parametrize("asked_for", ["inf", "-5", "nan", "1e300"])
def test_an_odd_time_to_wait_breaks_nothing(caller: Caller, service: Scripted, asked_for: str) -> None:
    service.answers({"error": {"message": "slow down"}}, 429, retry_after=asked_for)
    answer = ask(caller, "up/good")
    assert answer.status == 429
    assert answer.headers.get("retry-after", "1").isdigit()


# --- Usage ----------------------------------------------------------------------------------------


def test_the_total_is_filled_in_where_its_parts_are_known(caller: Caller) -> None:
    assert caller.run("own/counts", {"text": "[5, 7]"}).json["usage"]["total_tokens"] == 12
    assert caller.run("own/counts", {"text": "[5, 7, 99]"}).json["usage"]["total_tokens"] == 99
    assert caller.run("own/counts", {"text": "[5]"}).json["usage"]["total_tokens"] is None


@pytest.mark.parametrize(
    ("told", "passed_on"),
    [
        ({"prompt_tokens": "3", "completion_tokens": "4"}, (3, 4, 7)),
        ({"prompt_tokens": 3.0, "completion_tokens": 4.0, "total_tokens": 7.0}, (3, 4, 7)),
        ({"prompt_tokens": None, "completion_tokens": 4, "total_tokens": 7}, (3, 4, 7)),
        ({"prompt_tokens": 3, "total_tokens": 7}, (3, 4, 7)),
        ({"completion_tokens": 4}, (None, 4, None)),
        ({"prompt_tokens": 10**30, "completion_tokens": 4}, None),
        ({"prompt_tokens": "-3", "completion_tokens": 4}, None),
        ({"prompt_tokens": 3, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": -4}}, (3, 4, 7)),
        ([1], None),
        ("7", None),
    ],
)
def test_counts_are_whole_numbers_that_can_be(caller: Caller, service: Scripted, told: Any, passed_on: Any) -> None:
    def counts(usage: Any) -> Any:
        assert "-4" not in json.dumps(usage)
        return usage and tuple(usage.get(f"{part}_tokens") for part in ("prompt", "completion", "total"))

    service.answers({**completion(), "usage": told})
    assert counts(ask(caller, "up/good").json["usage"]) == passed_on
    assert counts(caller.run("up/good", {"text": "hi"}).json["usage"]) == passed_on
    service.streams(delta(content="a"), delta("stop"), event({"choices": [], "usage": told}), DONE)
    for answer in (
        ask(caller, "up/good", stream=True, stream_options={"include_usage": True}),
        caller.run("up/good", {"text": "hi", "options": {"stream": True}}),
    ):
        used = [each["usage"] for each in answer.events if isinstance(each, dict) and each.get("usage")]
        assert [counts(each) for each in used] == ([] if passed_on is None else [passed_on])


def test_counts_below_nothing_are_not_known(caller: Caller, service: Scripted) -> None:
    assert caller.run("own/counts", {"text": "[-40, 4, -36]"}).json["usage"] is None
    service.answers({**completion(), "usage": {"prompt_tokens": -40, "completion_tokens": 4, "total_tokens": -36}})
    assert ask(caller, "up/good").json["usage"] is None
    assert last_run(caller, "up/good")["usage"] is None
