"""What takes time: pieces as they come, progress while a run goes on, and Ctrl-C."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Started = Callable[..., Any]


@pytest.fixture(autouse=True)
def closed(gate: threading.Event) -> Iterator[None]:
    gate.clear()
    yield
    gate.set()


def test_a_piece_is_in_the_pipe_while_the_next_one_is_not_made(started: Started, gate: threading.Event) -> None:
    running = started("run", "acme/gated-pieces", "--stream", "piece")
    assert running.stdout.readline() == "piece one\n"
    gate.set()
    done = running.end()
    assert (done.status, done.out, done.err) == (0, "piece two\n", "")


def test_a_run_in_the_background_tells_how_far_it_is(started: Started, gate: threading.Event) -> None:
    running = started("run", "acme/gated-work", "--async", "--json", "worth it")
    assert running.stderr.readline().startswith("Accepted as run ")
    assert running.stderr.readline() == "running: 25 %\n"
    gate.set()
    done = running.end()
    assert json.loads(done.out)["data"] == "worth it"
    assert (done.status, done.err) == (0, "running: 100 %\n")


def test_a_model_that_answers_at_once_can_run_in_the_background_too(aix: Callable[..., Any]) -> None:
    done = aix("run", "acme/say", "--async", "hi")
    assert (done.status, done.out) == (0, "hi\n")


def test_a_deadline_says_how_to_go_on(aix: Callable[..., Any]) -> None:
    done = aix("run", "acme/gated-work", "--timeout", "0.5", "hi")
    assert (done.status, done.out) == (1, "")
    assert "timed out after 0.5 seconds" in done.err


@pytest.mark.parametrize("pause", [0.0, 0.3])  # it begins to wait, and it waits inside the HTTP library
@pytest.mark.parametrize(
    ("words", "stream", "said"),
    [
        (["acme/gated-work", "hi", "--async"], "stderr", "The run goes on. `aix runs attach "),
        (["acme/gated-pieces", "hi", "--stream"], "stdout", ""),
    ],
)
def test_ctrl_c_ends_the_wait_for_a_model_that_goes_on(
    started: Started, words: list[str], stream: str, said: str, pause: float
) -> None:
    running = started("run", *words)
    getattr(running, stream).readline()
    time.sleep(pause)
    running.interrupt()
    running.process.wait(15)  # while the model waits for its gate
    done = running.end()
    assert (done.status, done.out) == (130, "")
    assert done.err.removeprefix("running: 25 %\n").startswith(said)


def test_ctrl_c_cancels_a_run_that_is_waited_for(started: Started, aix: Callable[..., Any]) -> None:
    def states() -> dict[str, str]:
        listed = json.loads(aix("runs", "list", "--model", "acme/gated-work", "--json").out)
        return {run["requestId"]: run["state"] for run in listed}

    before = states()
    running = started("run", "acme/gated-work", "not for long")
    while not (new := states().keys() - before.keys()):
        """It has not reached the hub."""
    running.interrupt()
    done = running.end()
    assert (done.status, done.out, done.err) == (130, "", "")
    assert [states()[run] for run in new] == ["canceled"]
