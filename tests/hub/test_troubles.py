"""A database that is away fills no log: each kind of trouble is told when it begins, and then now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from aixplain.hub import Hub, troubles
from aixplain.hub.errors import HubError
from aixplain.hub.store.sqlite.keys import SqliteKeys
from aixplain.hub.troubles import tell_trouble

from .conftest import Caller


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(troubles.time, "monotonic", lambda: now[0])
    return now


def told(met: dict[float, list[str]], clock: list[float], caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is told of the troubles that are met at these seconds."""

    async def meet() -> None:
        for second, messages in met.items():
            clock[0] = 1000.0 + second
            for message in messages:
                tell_trouble(f"{message} at %g", second)

    caplog.clear()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(meet())
    return caplog.messages


def test_one_that_lasts_is_told_at_once_and_then_every_half_minute(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    assert told({second: ["away"] for second in range(65)}, clock, caplog) == ["away at 0", "away at 30", "away at 60"]


def test_one_that_comes_back_after_some_quiet_is_new(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    assert told({0: ["away"], 9: ["away"], 19: ["away"]}, clock, caplog) == ["away at 0", "away at 19"]


def test_each_kind_is_told_by_itself_and_in_each_hub(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    met = {0: ["away", "full"], 1: ["full", "away"]}
    assert told(met, clock, caplog) == told(met, clock, caplog) == ["away at 0", "full at 0"]


def test_requests_that_are_refused_without_a_database_are_one_line(
    serve: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(self: SqliteKeys, digest: bytes) -> None:
        raise HubError("The disk is gone.")

    hub = serve(Hub(builtin=False, keys=["a-key"]))
    monkeypatch.setattr(SqliteKeys, "find", away)
    for _ in range(5):
        assert hub.get("/v2/models/x", **{"x-api-key": "another"}).status == 503
    assert caplog.messages == ["keys can't be looked up: The disk is gone."]
