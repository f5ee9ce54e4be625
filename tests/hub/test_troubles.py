"""A database that is away fills no log: each kind of trouble is told when it begins, and then now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from aixplain.hub import Hub, troubles
from aixplain.hub.errors import HubError
from aixplain.hub.keys import Keyring
from aixplain.hub.runs import Runs
from aixplain.hub.service import Service
from aixplain.hub.store.postgres.pool import TOLD, lost
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


ADDRESS = "postgresql://hub:secret@db.internal.example:5432/runs"
SECRETS = ("secret", "db.internal.example", "5432", "/runs", "10.1.2.3", "postgresql")


def failing() -> HubError:
    return lost(ADDRESS, OSError(111, "Connect call failed ('10.1.2.3', 5432)"))


def test_a_caller_is_not_told_where_the_database_is_and_the_log_is_without_its_password(
    serve: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hub = Hub(builtin=False)

    @hub.model("acme/saves")
    async def saves(text: str) -> str:
        raise failing()

    caller = serve(hub)
    run = caller.run("acme/saves", {"text": "x"}).json
    assert (run["statusCode"], run["errorMessage"]) == (503, TOLD)

    async def away(*_: object, **__: object) -> None:
        raise failing()

    for place, name in [(Service, "search"), (Service, "standing"), (Runs, "check"), (Keyring, "wanted")]:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, away)
            for method, path in [("POST", "/v2/models/paginate"), ("GET", "/sdk/runs/x/result"), ("GET", "/readyz")]:
                answer = caller.send(method, path, b"{}")
                assert not [each for each in SECRETS if each.encode() in answer.body], answer.body
                assert answer.status in (503, 200, 404)
    assert "db.internal.example:5432/runs" in caplog.text
    assert "secret" not in caplog.text
