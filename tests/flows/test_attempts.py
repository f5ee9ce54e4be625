"""What an error tells: each attempt, a command that repeats it, never a key; and posts that may be sent again."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from aixplain._wire.messages import IDEMPOTENCY_KEY, KEEPS_KEYS
from aixplain.v2 import _operations as operations
from aixplain.v2._flow import TransportFailure
from aixplain.v2._operations import Run
from aixplain.v2._settings import resolve
from aixplain.v2.exceptions import AixplainV2Error, APIError, ConnectionLostError

DONE = {"status": "SUCCESS", "data": "hi"}
KEPT = {KEEPS_KEYS.replace("-", "_"): "true"}


def failure_of(hub: Any, operation: Any) -> Any:
    with pytest.raises(AixplainV2Error) as error:
        hub.play(operation)
    return error.value


def test_each_attempt_is_on_the_error(world: Any, settings: Any, answer: Any) -> None:
    hub = world((2, answer(503, {"message": "busy"})), (1, TransportFailure("it broke")), then=answer(500))
    attempts = failure_of(hub, operations.get(settings, "m")).attempts
    assert [each.status for each in attempts] == [503, None, 500, 500]
    assert [each.reason for each in attempts[:2]] == ["busy", "it broke"]
    assert attempts[0].at == 2
    assert list(attempts) == sorted(attempts, key=lambda each: each.at)


def test_a_lost_connection_tells_its_attempts_too(world: Any, settings: Any) -> None:
    error = failure_of(world(then=TransportFailure("nobody there", sent=False)), operations.run(settings, Run("m", {})))
    assert isinstance(error, ConnectionLostError)
    assert [each.reason for each in error.attempts] == ["nobody there"] * 4


def test_an_error_has_the_services_request_id(world: Any, settings: Any, answer: Any) -> None:
    assert failure_of(world(answer(404, x_request_id="r")), operations.get(settings, "m")).request_id == "r"
    assert failure_of(world(answer(404, {"requestId": "r"})), operations.get(settings, "m")).request_id == "r"


def test_an_error_has_a_command_that_repeats_the_request_without_the_key(world: Any, settings: Any, answer: Any) -> None:
    curl = failure_of(world(answer(400)), operations.run(settings, Run("m", {"text": "it's"}))).curl
    assert curl.startswith("curl -X POST http://127.0.0.1:8180/api/v2/execute/m ")
    assert '-H "x-api-key: $TEAM_API_KEY"' in curl
    assert """-d '{"text":"it'"'"'s"}'""" in curl
    assert "the-key" not in curl


@pytest.mark.parametrize("content", [{"message": "Key the-key is unknown"}, b"the-key?", {"error": {"message": "the-key"}}])
def test_a_service_that_repeats_the_key_does_not_make_us_show_it(world: Any, settings: Any, answer: Any, content: Any) -> None:
    error = failure_of(world(answer(401, content)), operations.get(settings, "m"))
    assert "the-key" not in f"{error} {error!r} {error.attempts} {error.curl}"


def test_the_key_is_in_no_repr_of_what_carries_it(settings: Any) -> None:
    request = operations.run_request(settings, Run("m", {}))
    assert request.headers["x-api-key"] == "the-key"
    assert "the-key" not in f"{settings!r} {request!r} {request.headers!r} {settings.api_key!r}"


def test_errors_travel_between_processes(world: Any, settings: Any, answer: Any) -> None:
    error = failure_of(world(answer(403, {"message": "no", "requestId": "r"})), operations.get(settings, "m"))
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.status_code, copy.request_id, copy.attempts) == (str(error), 403, "r", error.attempts)


# --- Posts that may be sent again


def test_every_post_of_a_run_has_a_key_of_its_own(settings: Any) -> None:
    keys = {operations.run_request(settings, Run("m", {})).headers[IDEMPOTENCY_KEY] for _ in range(100)}
    assert len(keys) == 100


@pytest.mark.parametrize("trouble", [TransportFailure("it broke"), 500, 502, 503])
def test_a_post_is_sent_again_with_the_same_key_to_a_service_that_keeps_keys(
    world: Any, settings: Any, answer: Any, trouble: Any
) -> None:
    failed = answer(trouble) if isinstance(trouble, int) else trouble
    hub = world(answer(200, DONE, **KEPT), failed, failed, answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {})))
    hub.play(operations.run(settings, Run("m", {})))
    first, *others = [request.headers[IDEMPOTENCY_KEY] for request in hub.requests]
    assert len(set(others)) == 1
    assert first not in others


def test_a_failing_answer_may_itself_say_that_keys_are_kept(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(500, **KEPT), answer(200, DONE))
    assert hub.play(operations.run(settings, Run("m", {}))).data == "hi"


@pytest.mark.parametrize("trouble", [TransportFailure("it broke"), 500, 502])
def test_a_post_is_never_sent_again_to_a_service_that_did_not_say_so(
    world: Any, settings: Any, answer: Any, trouble: Any
) -> None:
    failed = answer(trouble) if isinstance(trouble, int) else trouble
    hub = world(answer(200, DONE), failed)
    hub.play(operations.run(settings, Run("m", {})))
    assert len(failure_of(hub, operations.run(settings, Run("m", {}))).attempts) == 1


def test_one_client_learns_nothing_about_the_service_of_another(world: Any, answer: Any) -> None:
    one, two = resolve("k", "http://127.0.0.1:1"), resolve("k", "http://127.0.0.1:2")
    world(answer(200, DONE, **KEPT)).play(operations.run(one, Run("m", {})))
    assert (one.keeps_keys, two.keeps_keys) == (True, False)


# --- Runs that are run again when asked


@pytest.mark.parametrize("failed", [{"status": "FAILED"}, {"status": "FAILED", "statusCode": 500}, {"status": "ABORTED"}])
def test_a_failed_run_is_run_again_when_asked(world: Any, settings: Any, answer: Any, failed: Any) -> None:
    hub = world(answer(200, failed), answer(200, failed), answer(200, DONE))
    assert hub.play(operations.run(settings, Run("m", {}, retries=2, retry_wait=3))).data == "hi"
    assert hub.slept == [3, 3]
    assert len({request.headers[IDEMPOTENCY_KEY] for request in hub.requests}) == 3


def test_a_run_that_was_wrong_is_not_run_again(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(200, {"status": "FAILED", "statusCode": 400}))
    assert isinstance(failure_of(hub, operations.run(settings, Run("m", {}, retries=5))), APIError)


def test_a_run_is_not_run_again_by_itself(world: Any, settings: Any, answer: Any) -> None:
    assert len(failure_of(world(answer(500)), operations.run(settings, Run("m", {}))).attempts) == 1


def test_runs_again_stay_within_the_deadline(world: Any, settings: Any, answer: Any) -> None:
    hub = world(then=(4, answer(200, {"status": "FAILED"})))
    error = failure_of(hub, operations.run(settings, Run("m", {}, timeout=10, retries=100, retry_wait=1)))
    assert hub.time <= 1000 + 10 + 4
    assert str(error).startswith(("Operation timed out after 10 seconds", "Operation failed"))
