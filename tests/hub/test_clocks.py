"""A clock that jumps: what is waited for is waited for as long as was said; only what expires goes by the time of day."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aixplain.hub import Hub, Settings, execution
from aixplain.hub.embedded import EmbeddedHub, start

from .conftest import Caller, wait_for
from .test_webhooks import Receiver

DAY = 24 * 3600.0

gate = threading.Event()
said: list[str] = []
Jump = Callable[[float], None]


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Sets the clock of this process, where the hub runs too, forward by some seconds, or back."""
    real = time.time

    def set_clock(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return set_clock


def models() -> Hub:
    hub = Hub(builtin=False, settings=Settings(private_webhooks=True))

    @hub.model("acme/wait", asynchronous=True, timeout=20)
    def wait(text: str) -> str:
        assert gate.wait(20)
        return text.upper()

    @hub.model("acme/quick", asynchronous=True)
    def quick(text: str) -> str:
        return text.upper()

    @hub.model("acme/flaky", asynchronous=True, retries=2, retry_wait=0.02)
    def flaky(text: str) -> str:
        said.append(text)
        if len(said) < 3:
            raise ConnectionError("not yet")
        return text.upper()

    return hub


@pytest.fixture
def running(tmp_path: Path) -> Iterator[EmbeddedHub]:
    gate.clear()
    said.clear()
    hub = start(tmp_path, models())
    hub.wait_until_ready()
    yield hub
    gate.set()
    hub.close()


@pytest.fixture
def caller(running: EmbeddedHub) -> Caller:
    return Caller(running.url)


def accepted(caller: Caller, path: str, **options: object) -> str:
    answer = caller.run(path, {"text": "hi", "options": options})
    assert answer.status == 201
    return str(answer.json["data"])


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_a_deadline_a_timeout_and_a_held_poll_last_as_long_as_was_said(caller: Caller, jump: Jump, seconds: float) -> None:
    late = accepted(caller, "acme/wait", deadline=20)
    soon = accepted(caller, "acme/wait", deadline=0.3)
    jump(seconds)
    assert caller.get(soon, prefer="wait=20").json["errorMessage"] == "The run was not done by its deadline."
    assert caller.get(late, prefer="wait=1").json["status"] == "IN_PROGRESS"
    gate.set()
    assert caller.result(late)["data"] == "HI"


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_a_retry_comes_when_it_should(caller: Caller, jump: Jump, seconds: float) -> None:
    address = accepted(caller, "acme/flaky")
    jump(seconds)
    assert caller.result(address)["data"] == "HI"


def test_a_run_that_waits_for_a_time_that_went_far_away_is_not_forgotten(
    tmp_path: Path, jump: Jump, monkeypatch: pytest.MonkeyPatch
) -> None:
    said.clear()
    monkeypatch.setattr(execution, "LONGEST_BACKOFF", 0.05)
    monkeypatch.setattr("aixplain.hub.engine.embedded.LONGEST_BACKOFF", 0.05)
    jump(DAY)
    first = start(tmp_path, models())
    address = accepted(Caller(first.url), "acme/flaky").removeprefix(first.url)
    first.close()
    jump(-DAY)
    again = start(tmp_path, models())
    assert Caller(again.url).result(address)["data"] == "HI"
    again.close()


def test_a_webhook_is_delivered_although_the_clock_was_set_back(caller: Caller, jump: Jump) -> None:
    receiver = Receiver()
    receiver.statuses = [500]
    accepted(caller, "acme/quick", webhookUrl=receiver.url)
    assert wait_for(lambda: len(receiver.got) == 1)
    jump(-DAY)
    accepted(caller, "acme/quick", webhookUrl=receiver.url)  # wakes the courier
    assert wait_for(lambda: len(receiver.got) == 3)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2
    receiver.server.shutdown()
    receiver.server.server_close()


def test_what_is_told_to_people_goes_by_the_time_of_day(caller: Caller, jump: Jump) -> None:
    address = accepted(caller, "acme/wait")
    jump(-DAY)
    gate.set()
    assert caller.result(address)["data"] == "HI"
    [run] = caller.get("/sdk/runs").json["results"]
    assert run["endedAt"] < run["createdAt"], "the row tells what the clock said"
    assert 0 <= caller.result(address)["runTime"] < 20


def test_runs_have_ids_of_their_own_when_the_clock_stands_still(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "time_ns", lambda: int(now * 1e9))
    addresses = [accepted(caller, "acme/quick") for _ in range(200)]
    assert len(set(addresses)) == 200
    assert {caller.result(address)["data"] for address in addresses} == {"HI"}
