"""What takes time: pieces as they come, progress while a run goes on, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def closed(gate: threading.Event) -> Iterator[None]:
    gate.clear()
    yield
    gate.set()


def test_a_piece_is_in_the_pipe_while_the_next_one_is_not_made(started: Started, gate: threading.Event) -> None:
    process = started("run", "acme/gated-pieces", "--stream", "piece")
    assert process.stdout is not None
    assert process.stdout.readline() == "piece one\n"
    gate.set()
    assert process.communicate(timeout=30) == ("piece two\n", "")
    assert process.returncode == 0


def test_a_run_in_the_background_tells_how_far_it_is(started: Started, gate: threading.Event) -> None:
    process = started("run", "acme/gated-work", "--async", "--json", "worth it")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Accepted as run ")
    assert process.stderr.readline() == "running: 25 %\n"
    gate.set()
    out, err = process.communicate(timeout=30)
    assert json.loads(out)["data"] == "worth it"
    assert err == "running: 100 %\n"


def test_a_model_that_answers_at_once_can_run_in_the_background_too(aix: Callable[..., Any]) -> None:
    done = aix("run", "acme/say", "--async", "hi")
    assert (done.status, done.out) == (0, "hi\n")


def test_a_deadline_says_how_to_go_on(aix: Callable[..., Any]) -> None:
    done = aix("run", "acme/gated-work", "--timeout", "0.5", "hi")
    assert (done.status, done.out) == (1, "")
    assert "timed out after 0.5 seconds" in done.err


@pytest.mark.parametrize("way", ["--async", "--stream"])
def test_ctrl_c_ends_a_run_without_a_fuss(started: Started, way: str) -> None:
    model = {"--async": "acme/gated-work", "--stream": "acme/gated-pieces"}[way]
    process = started("run", model, way, "hi")
    waits_on = process.stderr if way == "--async" else process.stdout
    assert waits_on is not None
    waits_on.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() in ("", "running: 25 %")
