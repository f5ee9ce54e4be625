"""Waiting for a run: how polls are spaced, held and rested, and what an interruption does to the run."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain.v2 import _operations as operations
from aixplain.v2._flow import Request
from aixplain.v2._operations import Run
from aixplain.v2.exceptions import ConnectionLostError, InvalidResponseError

POLL = "http://127.0.0.1:8180/sdk/runs/7/result"
ACCEPTED = {"status": "IN_PROGRESS", "data": POLL}
DONE = {"status": "SUCCESS", "data": "hi"}


def test_a_poll_asks_to_be_held_until_the_run_ends(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {})))
    assert hub.requests[1].headers["prefer"] == "wait=25"


def test_a_watched_run_is_held_for_a_second_only(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {}, on_progress=lambda result: None)))
    assert hub.requests[1].headers["prefer"] == "wait=1"


def test_a_poll_is_not_held_past_the_deadline(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {}, timeout=3)))
    assert hub.requests[1].headers["prefer"] == "wait=3"


def test_after_a_poll_that_was_held_the_next_one_follows_at_once(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), (25, answer(200, ACCEPTED)), (25, answer(200, ACCEPTED)), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {})))
    assert hub.slept[0] < 0.2
    assert hub.slept[1:] == [0, 0]


@pytest.mark.parametrize("status", [200, 429, 503])
def test_a_poll_rests_as_long_as_the_service_wants(world: Any, settings: Any, answer: Any, status: int) -> None:
    hub = world(answer(201, ACCEPTED), answer(status, ACCEPTED, retry_after="7"), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {})))
    assert sum(hub.slept[1:]) == pytest.approx(7, abs=0.5)


def test_a_very_long_rest_is_cut_to_a_minute(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(429, retry_after="3600"), answer(200, DONE))
    hub.play(operations.run(settings, Run("m", {})))
    assert hub.slept[-1] == pytest.approx(60)


def test_a_poll_that_is_no_answer_is_survived(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, ACCEPTED), answer(200, b"<html>"), answer(200, b""), answer(200, DONE))
    assert hub.play(operations.run(settings, Run("m", {}))).data == "hi"


@pytest.mark.parametrize("place", [POLL, "/sdk/runs/7/result"])
def test_a_run_is_resumed_by_its_address(world: Any, settings: Any, answer: Any, place: str) -> None:
    hub = world(answer(200, DONE))
    hub.play(operations.poll(settings, place))
    assert hub.urls == [POLL]


def test_a_run_is_resumed_by_its_id(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(200, DONE), answer(200, DONE), answer(204))
    hub.play(operations.poll(settings, "7"))
    hub.play(operations.sync_poll(settings, "7", Run("", {})))
    hub.play(operations.cancel(settings, "7"))
    assert set(hub.urls) == {"http://127.0.0.1:8180/api/v1/data/7"}
    assert hub.requests[2].method == "DELETE"


def test_an_accepted_result_is_canceled_at_its_address(world: Any, settings: Any, answer: Any) -> None:
    accepted = world(answer(201, ACCEPTED)).play(operations.submit(settings, Run("m", {}), sync_only=False))
    assert operations.place_of(accepted) == POLL
    finished = world(answer(200, DONE)).play(operations.poll(settings, POLL))
    with pytest.raises(InvalidResponseError):
        operations.place_of(finished)


# --- Interruptions


def interrupted(world: Any, settings: Any, run: Run, *answers: Any) -> tuple[BaseException, list[Request]]:
    """A run that Ctrl-C stops while it waits to poll: what came out, and what was sent after it."""
    hub = world(*answers)
    hub.interruption = stop = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        hub.play(operations.run(settings, run))
    return stop, hub.requests[1:]


def test_an_interrupted_run_goes_on_unless_it_was_to_be_canceled(world: Any, settings: Any, answer: Any) -> None:
    assert interrupted(world, settings, Run("m", {}), answer(201, ACCEPTED))[1] == []
    run = Run("m", {}, cancel_on_interrupt=True)
    (cancel,) = interrupted(world, settings, run, answer(201, ACCEPTED), answer(204))[1]
    assert (cancel.method, cancel.url) == ("DELETE", POLL)
    assert cancel.timeout <= operations.CANCEL_TIMEOUT


def test_a_run_that_can_not_be_canceled_is_told_beside_the_interruption(world: Any, settings: Any, answer: Any) -> None:
    run = Run("m", {}, cancel_on_interrupt=True)
    stop, _ = interrupted(world, settings, run, answer(201, ACCEPTED), answer(409, {"message": "it is over"}))
    assert "may go on at" in stop.__notes__[0]
    assert "it is over" in stop.__notes__[0]


def test_an_error_cancels_nothing(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(201, {"status": "IN_PROGRESS", "data": None}))
    with pytest.raises(ConnectionLostError):
        hub.play(operations.run(settings, Run("m", {}, cancel_on_interrupt=True)))
