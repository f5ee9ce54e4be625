"""A run from its post to its end: what is sent, and how answers become results and errors."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aixplain.v2 import _operations as operations
from aixplain.v2._files.local import LocalFile
from aixplain.v2._flow import TransportFailure
from aixplain.v2._operations import Run
from aixplain.v2.enums import Language
from aixplain.v2.exceptions import (
    APIError,
    ConfigurationError,
    ConnectionLostError,
    InputError,
    InvalidResponseError,
    TimeoutError,
)

HUB = "http://127.0.0.1:8180"
POLL = f"{HUB}/sdk/runs/7/result"
ACCEPTED = {"status": "IN_PROGRESS", "data": POLL, "requestId": "r"}
DONE = {"status": "SUCCESS", "completed": True, "data": "hi"}


def sent(request: Any) -> Any:
    return msgspec.json.decode(request.content)


# --- What is sent


def test_the_inputs_travel_flat_to_the_models_address(settings: Any) -> None:
    request = operations.run_request(settings, Run("openai/gpt-4o", {"text": "hi", "temperature": 0.7}))
    assert (request.method, request.url) == ("POST", f"{HUB}/api/v2/execute/openai%2Fgpt-4o")
    assert sent(request) == {"text": "hi", "temperature": 0.7}
    assert request.headers["x-api-key"] == "the-key"
    assert request.headers["content-type"] == "application/json"


def test_none_is_not_sent_but_empty_values_are(settings: Any) -> None:
    inputs = {"text": "", "size": 0, "fast": False, "list": [], "object": {}, "none": None, "identifier": None}
    request = operations.run_request(settings, Run("m", inputs))
    assert sent(request) == {"text": "", "size": 0, "fast": False, "list": [], "object": {}}
    assert "x-user-id" not in request.headers


def test_what_steers_the_client_is_never_an_input(settings: Any) -> None:
    names = ("timeout", "wait_time", "stream", "show_progress", "run_retries", "run_retry_wait", "api_key", "resource_path")
    request = operations.run_request(settings, Run("m", {"text": "hi", **dict.fromkeys(names, "steer")}))
    assert sent(request) == {"text": "hi"}
    assert "steer" not in request.headers.values()


def test_who_asks_travels_in_headers(settings: Any) -> None:
    request = operations.run_request(settings, Run("m", {"identifier": 7, "session_id": "s", "agent_name": "a"}))
    assert sent(request) == {}
    assert [request.headers[name] for name in ("x-user-id", "x-session-id", "x-agent")] == ["7", "s", "a"]


def test_members_of_enums_travel_as_wire_values(settings: Any) -> None:
    inputs = {"one": Language.SPANISH_MEXICO, "several": [Language.SPANISH, Language.SPANISH_MEXICO], "pair": (1, 2)}
    assert sent(operations.run_request(settings, Run("m", inputs))) == {"one": "es", "several": ["es", "es"], "pair": [1, 2]}


def test_a_stream_is_asked_for_among_the_options_that_were_given(settings: Any) -> None:
    request = operations.run_request(settings, Run("m", {"text": "hi", "options": {"raw": True}}), stream=True)
    assert sent(request) == {"text": "hi", "options": {"raw": True, "stream": True}}
    assert request.headers["accept"].startswith("text/event-stream")


def test_the_key_of_a_call_serves_for_the_whole_call(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {}, api_key="another")))
    assert [request.headers["x-api-key"] for request in hub.requests] == ["another", "another"]


# --- Results


@pytest.mark.parametrize("status", [200, 201])
def test_a_finished_answer_is_the_result(world: Any, settings: Any, answer: Any, status: int) -> None:
    more = {"runTime": 0.5, "usedCredits": 0.01, "usage": {"total_tokens": "3"}, "requestId": "r", "asset": {"assetId": "m"}}
    result = world(answer(status, DONE | more)).play(operations.run(settings, Run("m", {"text": "hi"})))
    assert (result.status, result.completed, result.data) == ("SUCCESS", True, "hi")
    assert (result.run_time, result.used_credits, result.usage.total_tokens, result.request_id) == (0.5, 0.01, 3, "r")
    assert result.asset == result._raw_data["asset"] == {"assetId": "m"}


def test_media_is_the_result_and_no_poll_address(world: Any, settings: Any, answer: Any) -> None:
    media = "https://cdn.example.com/a.mp3"
    result = world(answer(200, {"status": "SUCCESS", "data": media})).play(operations.run(settings, Run("m", {})))
    assert (result.data, result.completed) == (media, True)


@pytest.mark.parametrize("more", [{}, {"completed": False}, {"completed": True}, {"completed": None}], ids=repr)
def test_an_accepted_run_is_polled_to_its_end(world: Any, settings: Any, answer: Any, more: dict[str, Any]) -> None:
    told: list[Any] = []
    hub = world(
        answer(201, ACCEPTED | more), answer(200, ACCEPTED | {"progress": 0.5}), answer(200, ACCEPTED), answer(200, DONE)
    )
    result = hub.play(operations.run(settings, Run("m", {}, on_progress=told.append)))
    assert result.data == "hi"
    assert hub.urls[1:] == [POLL, POLL, POLL]
    assert [request.method for request in hub.requests[1:]] == ["GET"] * 3
    assert [each.progress for each in told] == [0.5, None]
    assert not any(each.completed for each in told)


def test_the_wait_between_polls_is_the_one_that_was_asked_for(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, ACCEPTED), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {}, wait_time=7)))
    assert hub.slept == [7, 7]


def test_the_wait_between_polls_grows_with_the_time_gone_by(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), *[answer(200, ACCEPTED)] * 100, answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {})))
    assert hub.slept[0] < 0.2
    assert 1 < hub.slept[-1] < 3


def test_an_accepted_run_without_an_address_is_an_error(world: Any, settings: Any, answer: Any) -> None:
    with pytest.raises(InvalidResponseError):
        world(answer(201, {"status": "IN_PROGRESS", "data": None})).play(operations.run(settings, Run("m", {})))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"text"', b'{"data": "\xff'])
@pytest.mark.parametrize("start", [operations.run, lambda settings, run: operations.poll(settings, POLL)])
def test_an_answer_that_is_no_result_is_an_error_of_its_own(
    world: Any, settings: Any, answer: Any, body: bytes, start: Any
) -> None:
    with pytest.raises(InvalidResponseError):
        world(answer(200, body)).play(start(settings, Run("m", {})))


# --- Failures


@pytest.mark.parametrize("status", ["COMPLETED", "success", "Completed", "DONE_WELL"])
@pytest.mark.parametrize("first", [[], [ACCEPTED]], ids=["at once", "later"])
def test_a_run_with_another_word_of_success_has_its_result(
    world: Any, settings: Any, answer: Any, status: str, first: list[Any]
) -> None:
    ended = {"status": status, "completed": True, "data": "fine"}
    hub = world(*(answer(201, each) for each in first), answer(200, ended))
    result = hub.play(operations.run(settings, Run("m", {})))
    assert (result.status, result.data, result.completed, result.failed) == (status, "fine", True, False)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "CANCELED", "failed", "Aborted", "canceled"])
@pytest.mark.parametrize("first", [[], [ACCEPTED]], ids=["at once", "later"])
def test_a_run_that_ends_badly_raises(world: Any, settings: Any, answer: Any, status: str, first: list[Any]) -> None:
    failed = {"status": status, "completed": True, "errorMessage": "it broke", "statusCode": 485, "requestId": "r"}
    hub = world(*(answer(201, each) for each in first), answer(200, failed))
    with pytest.raises(APIError, match=r"^Operation failed: it broke") as error:
        hub.play(operations.run(settings, Run("m", {})))
    assert (error.value.status_code, error.value.request_id, error.value.response_data) == (485, "r", failed)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"supplierError": "quota", "errorMessage": "it broke"}, "quota"),
        ({"supplierError": "", "errorMessage": "it broke"}, "it broke"),
        ({"supplierError": {"error": {"message": "deep"}}}, "deep"),
        ({"error": "short"}, "short"),
        ({}, "FAILED"),
    ],
)
def test_a_failure_has_the_suppliers_words_or_the_services(
    world: Any, settings: Any, answer: Any, told: Any, words: str
) -> None:
    with pytest.raises(APIError, match=f"^Operation failed: {words}") as error:
        world(answer(200, {"status": "FAILED", **told})).play(operations.run(settings, Run("m", {})))
    assert error.value.status_code == 0


@pytest.mark.parametrize("start", [operations.run, lambda settings, run: operations.sync_poll(settings, POLL, run)])
def test_the_error_of_a_failed_run_shows_no_key(world: Any, settings: Any, answer: Any, start: Any) -> None:
    failed = {
        "status": "FAILED",
        "completed": True,
        "errorMessage": "no such key: key-of-this-call",
        "data": ["key-of-this-call"],
    }
    with pytest.raises(APIError, match="no such key: …") as error:
        world(answer(200, failed)).play(start(settings, Run("m", {}, api_key="key-of-this-call")))
    assert error.value.error == "no such key: …"
    assert "key-of-this-call" not in repr(vars(error.value))
    with pytest.raises(InvalidResponseError) as odd:
        world(answer(200, b"<html>key-of-this-call")).play(operations.poll(settings, POLL, "key-of-this-call"))
    assert "key-of-this-call" not in str(odd.value)


def test_an_accepted_run_without_an_address_tells_what_the_service_said(world: Any, settings: Any, answer: Any) -> None:
    with pytest.raises(InvalidResponseError, match=r"gave no address to ask after it\. It said: no room"):
        world(answer(200, {"error": {"message": "no room"}})).play(operations.run(settings, Run("m", {})))


def test_a_failed_run_is_a_result_for_who_asks_once(world: Any, settings: Any, answer: Any) -> None:
    result = world(answer(200, {"status": "FAILED", "errorMessage": "no"})).play(operations.poll(settings, POLL))
    assert (result.status, result.completed, result.error_message) == ("FAILED", True, "no")


def test_a_poll_survives_what_passes(world: Any, settings: Any, answer: Any) -> None:
    troubles = [answer(503), answer(500), answer(502, b"<html>"), answer(429), answer(497), answer(429, retry_after="3600")]
    lost = [TransportFailure("broken"), TransportFailure("unreachable", sent=False)]
    hub = world(answer(201, ACCEPTED), *troubles, *lost, answer(200, DONE))
    assert hub.play(operations.run(settings, Run("m", {}))).data == "hi"
    assert set(hub.urls[1:]) == {POLL}


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_poll_ends_at_a_refusal_for_good(world: Any, settings: Any, answer: Any, status: int) -> None:
    with pytest.raises(APIError) as error:
        world(answer(201, ACCEPTED), answer(status)).play(operations.run(settings, Run("m", {})))
    assert error.value.status_code == status


def test_a_run_post_is_sent_once_when_its_connection_is_lost(world: Any, settings: Any) -> None:
    with pytest.raises(ConnectionLostError):
        world(TransportFailure("broken")).play(operations.run(settings, Run("m", {})))


@pytest.mark.parametrize("place", ["https://elsewhere.example/poll", "http://127.0.0.1:1/poll", "http://[broken"])
def test_a_poll_address_elsewhere_is_refused_before_anything_is_sent(
    world: Any, settings: Any, answer: Any, place: str
) -> None:
    with pytest.raises(ConfigurationError):
        world().play(operations.poll(settings, place))
    hub = world(answer(201, {"status": "IN_PROGRESS", "data": place}))
    with pytest.raises(ConfigurationError):
        hub.play(operations.run(settings, Run("m", {})))
    assert len(hub.requests) == 1


# --- The deadline


@pytest.mark.parametrize(("timeout", "told"), [(0.5, "0.5"), (300, "300"), (300.0, "300"), (1_000_000, "1000000")])
@pytest.mark.parametrize("trouble", ["goes on", "is down", "hangs"])
def test_a_deadline_is_told_as_it_was_given(
    world: Any, settings: Any, answer: Any, timeout: float, told: str, trouble: str
) -> None:
    polled = {"goes on": answer(200, ACCEPTED), "is down": answer(503), "hangs": world.hang}[trouble]
    hub = world(answer(201, ACCEPTED), then=polled)
    with pytest.raises(TimeoutError, match=f"^Operation timed out after {told} seconds") as error:
        hub.play(operations.run(settings, Run("m", {}, timeout=timeout, wait_time=timeout / 3)))
    assert error.value.poll_url == POLL
    assert hub.time == pytest.approx(1000 + timeout)


def test_a_wait_longer_than_the_deadline_is_cut_short(world: Any, settings: Any, answer: Any) -> None:
    hub = world((2, answer(201, ACCEPTED)))
    with pytest.raises(TimeoutError):
        hub.play(operations.run(settings, Run("m", {}, timeout=5, wait_time=3600)))
    assert hub.slept == [3]


def test_a_post_that_hangs_has_no_address_to_resume_at(world: Any, settings: Any) -> None:
    with pytest.raises(TimeoutError, match=r"^Operation timed out after 0\.5 seconds") as error:
        world(world.hang).play(operations.run(settings, Run("m", {}, timeout=0.5)))
    assert error.value.poll_url is None


def test_the_deadline_covers_the_upload_of_a_file(world: Any, settings: Any, answer: Any) -> None:
    place = {"key": "k", "uploadUrl": "https://9.9.9.9/put", "downloadUrl": "https://9.9.9.9/get"}
    hub = world((20, answer(200, place)), (30, answer(200)), answer(200, DONE))
    file = LocalFile("document", "a.txt", b"bytes")
    hub.play(operations.run(settings, Run("m", {"document": b""}, timeout=60, files={"document": file})))
    assert [request.timeout for request in hub.requests] == [60, 40, 10]
    assert sent(hub.requests[2]) == {"document": "https://9.9.9.9/get"}
    assert b"".join(hub.requests[1].content) == b"bytes"
    assert "the-key" not in hub.requests[1].headers.values()


# --- run_async


def test_a_submitted_run_gives_its_poll_address_at_once(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED))
    result = hub.play(operations.submit(settings, Run("m", {"text": "hi"}), sync_only=False))
    assert (result.url, result.completed, result.status) == (POLL, False, "IN_PROGRESS")
    assert (hub.urls, sent(hub.requests[0])) == ([f"{HUB}/api/v2/execute/m"], {"text": "hi"})


def test_a_model_that_only_answers_at_once_is_submitted_the_v1_way(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED))
    run = Run("m", {"text": "hi", "size": 0, "identifier": "i"})
    assert hub.play(operations.submit(settings, run, sync_only=True)).url == POLL
    assert (hub.urls, sent(hub.requests[0])) == ([f"{HUB}/api/v1/execute/m"], {"data": "hi", "size": 0})
    assert hub.requests[0].headers["x-user-id"] == "i"
    assert run.inputs["text"] == "hi"


def test_data_goes_the_v1_way_as_it_is(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED))
    hub.play(operations.submit(settings, Run("m", {"data": {"any": 1}}), sync_only=True))
    assert sent(hub.requests[0]) == {"data": {"any": 1}}


def test_a_submitted_run_that_fails_at_once_raises(world: Any, settings: Any, answer: Any) -> None:
    with pytest.raises(APIError, match=r"^Operation failed: no"):
        world(answer(200, {"status": "FAILED", "errorMessage": "no"})).play(
            operations.submit(settings, Run("m", {}), sync_only=False)
        )


def test_a_submitted_run_is_asked_after_by_its_result(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, ACCEPTED), answer(200, DONE))
    accepted = hub.play(operations.submit(settings, Run("m", {}), sync_only=False))
    assert hub.play(operations.poll(settings, accepted)).in_progress
    done = hub.play(operations.sync_poll(settings, accepted, Run("", {})))
    assert (done.data, hub.urls[1:]) == ("hi", [POLL, POLL])
    assert hub.play(operations.sync_poll(settings, done, Run("", {}))) is done  # it is over: nothing is asked


@pytest.mark.parametrize("odd", [None, 7, "", " ", b"x", {}])
@pytest.mark.parametrize("ask", [operations.poll, lambda settings, odd: operations.sync_poll(settings, odd, Run("", {}))])
def test_what_names_no_run_is_an_input_error(world: Any, settings: Any, odd: Any, ask: Any) -> None:
    with pytest.raises(InputError, match="the result of run_async, not by"):
        world().play(ask(settings, odd))


def test_a_submitted_run_is_waited_for(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(200, ACCEPTED), answer(200, DONE))
    assert hub.play(operations.sync_poll(settings, POLL, Run("", {}))).data == "hi"
    assert hub.urls == [POLL, POLL]
