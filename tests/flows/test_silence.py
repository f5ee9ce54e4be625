"""How long a service may be silent, and what ends when the client is closed."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain.v2 import _operations as operations
from aixplain.v2._flow import Request, TransportClosed, TransportTimeout
from aixplain.v2._send import begin, send
from aixplain.v2._settings import resolve
from aixplain.v2.exceptions import ConnectionTimeoutError, ResourceError

HUB = "http://127.0.0.1:8180"
PLACE = f"{HUB}/api/v1/data/run-1"


@pytest.mark.parametrize(("read_timeout", "wait"), [(None, "wait=25"), (10, "wait=8"), (1.5, "wait=1"), (0.5, "wait=0")])
def test_a_poll_is_held_for_less_time_than_the_client_bears_silence(
    world: Any, answer: Any, read_timeout: float | None, wait: str
) -> None:
    settings = resolve(None, HUB, read_timeout=read_timeout)
    service = world(answer(200, {"status": "SUCCESS", "data": "x"}))
    service.play(operations.sync_poll(settings, PLACE, operations.Run("", {})))
    assert service.requests[0].headers["prefer"] == wait


def test_a_poll_that_met_silence_is_survived(world: Any, settings: Any, answer: Any) -> None:
    service = world(TransportTimeout("said nothing"), answer(200, {"status": "SUCCESS", "data": "x"}))
    assert service.play(operations.sync_poll(settings, PLACE, operations.Run("", {}))).data == "x"


def request(method: str = "GET") -> Request:
    return Request(method, f"{HUB}/v2/models/x")


@pytest.mark.parametrize(("repeatable", "requests"), [(True, 4), (False, 1)])
def test_silence_is_tried_again_where_nothing_can_be_carried_out_twice(
    world: Any, settings: Any, repeatable: bool, requests: int
) -> None:
    service = world(then=TransportTimeout("http://127.0.0.1:8180 said nothing for 5 seconds (read_timeout)"))

    def call() -> Any:
        return (yield from send(settings, request(), (yield from begin(60)), repeatable=repeatable))

    with pytest.raises(ConnectionTimeoutError, match="said nothing for 5 seconds"):
        service.play(call())
    assert len(service.requests) == requests


@pytest.mark.parametrize("sent", [True, False])
def test_what_a_closed_client_had_under_way_is_not_tried_again(world: Any, settings: Any, sent: bool) -> None:
    service = world(TransportClosed("This client was closed", sent=sent))

    def call() -> Any:
        return (yield from send(settings, request(), (yield from begin(60)), repeatable=True))

    with pytest.raises(ResourceError, match="This client was closed"):
        service.play(call())
    assert len(service.requests) == 1


def test_a_closed_client_polls_no_more(world: Any, settings: Any) -> None:
    service = world(TransportClosed("This client was closed"))
    with pytest.raises(ResourceError):
        service.play(operations.sync_poll(settings, PLACE, operations.Run("", {})))
    assert len(service.requests) == 1
