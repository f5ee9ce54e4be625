"""One request: when it is sent again, how long that may take, and where the key may go."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain.v2 import _send
from aixplain.v2._flow import Request, TransportFailure, TransportTimeout
from aixplain.v2._send import begin
from aixplain.v2._settings import Settings, resolve
from aixplain.v2.exceptions import AixplainV2Error, APIError, ConfigurationError, ConnectionLostError, TimeoutError

HUB = "http://127.0.0.1:8180"
RUN = f"{HUB}/api/v2/execute/m"
SAID_DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


def get(settings: Settings, url: str = f"{HUB}/v2/models/m", timeout: float = 60) -> Any:
    request = Request("GET", url, _send.headers(settings))
    return send(settings, request, timeout, repeatable=True)


def post(settings: Settings, url: str = RUN, timeout: float = 60) -> Any:
    request = Request("POST", url, _send.headers(settings), b"{}")
    return send(settings, request, timeout, repeatable=False)


def send(settings: Settings, request: Request, timeout: float, *, repeatable: bool) -> Any:
    deadline = yield from begin(timeout)
    return (yield from _send.send(settings, request, deadline, repeatable=repeatable))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 429, 497])
def test_a_get_is_sent_again_after_a_passing_refusal(world: Any, settings: Any, answer: Any, status: int) -> None:
    hub = world(answer(status), answer(status), answer(200, {"id": "m"}))
    assert hub.play(get(settings)).content == b'{"id":"m"}'
    assert len(hub.requests) == 3
    assert len(hub.slept) == 2


@pytest.mark.parametrize("sent", [True, False])
def test_a_get_is_sent_again_after_a_lost_connection(world: Any, settings: Any, answer: Any, sent: bool) -> None:
    hub = world(TransportFailure("broken", sent=sent), answer())
    assert hub.play(get(settings)).status == 200
    assert len(hub.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 413, 465, 475, 485, 492, 495])
def test_a_refusal_for_good_is_raised_at_once(world: Any, settings: Any, answer: Any, status: int) -> None:
    hub = world(answer(status, {"message": "no", "error": "No", "requestId": "r"}))
    with pytest.raises(APIError, match=rf"^no \(HTTP {status}: ") as error:
        hub.play(get(settings))
    assert (error.value.status_code, error.value.error, error.value.request_id) == (status, "no", "r")
    assert len(hub.requests) == 1


def test_a_service_that_stays_down_is_given_up_after_four_requests(world: Any, settings: Any, answer: Any) -> None:
    hub = world(then=answer(500, {"message": "it broke"}))
    with pytest.raises(APIError, match=r"^it broke") as error:
        hub.play(get(settings))
    assert error.value.status_code == 500
    assert len(hub.requests) == 4


def test_a_connection_that_stays_lost_is_an_error_of_its_own(world: Any, settings: Any) -> None:
    hub = world(then=TransportFailure("the hub can't be reached"))
    with pytest.raises(ConnectionLostError, match="the hub can't be reached") as error:
        hub.play(get(settings))
    assert not isinstance(error.value, APIError)
    assert len(hub.requests) == 4


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_not_sent_again_after_a_5xx(world: Any, settings: Any, answer: Any, status: int) -> None:
    hub = world(answer(status))
    with pytest.raises(APIError) as error:
        hub.play(post(settings))
    assert error.value.status_code == status


def test_a_post_that_may_have_arrived_is_not_sent_again(world: Any, settings: Any) -> None:
    hub = world(TransportFailure("the connection broke"))
    with pytest.raises(ConnectionLostError):
        hub.play(post(settings))


@pytest.mark.parametrize("kind", [TransportFailure, TransportTimeout])
def test_a_post_that_never_left_is_sent_again(world: Any, settings: Any, answer: Any, kind: Any) -> None:
    hub = world(kind("no connection", sent=False), answer())
    assert hub.play(post(settings)).status == 200


@pytest.mark.parametrize(("status", "headers"), [(429, {}), (497, {}), (503, {"retry_after": "1"})])
def test_a_post_that_the_service_refused_is_sent_again(
    world: Any, settings: Any, answer: Any, status: int, headers: dict[str, str]
) -> None:
    hub = world(answer(status, **headers), answer(201))
    assert hub.play(post(settings)).status == 201


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "-3"}, 0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:07 GMT", "date": SAID_DATE}, 7),
        ({"retry_after": SAID_DATE}, 0),  # counted from our clock
        ({"retry_after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": SAID_DATE}, 0),
    ],
)
@pytest.mark.parametrize("status", [429, 497, 503])
def test_the_service_says_how_long_to_wait(
    world: Any, settings: Any, answer: Any, status: int, headers: dict[str, str], wait: float
) -> None:
    hub = world(answer(status, **headers), answer())
    hub.play(post(settings))
    assert hub.slept == [wait]


@pytest.mark.parametrize("said", ["soon", "", "Wed, 99 Oct 2015", "nan", "1e400", "0x10"])
def test_a_wait_that_can_not_be_read_is_left_to_the_client(world: Any, settings: Any, answer: Any, said: str) -> None:
    hub = world(answer(429, retry_after=said), answer())
    assert hub.play(post(settings)).status == 200
    assert 0 < hub.slept[0] < 1


@pytest.mark.parametrize(
    "headers",
    [{"retry_after": "3600"}, {"retry_after": "inf"}, {"retry_after": "Wed, 21 Oct 2015 08:28:00 GMT", "date": SAID_DATE}],
)
def test_a_service_that_wants_a_long_rest_is_taken_at_its_word(
    world: Any, settings: Any, answer: Any, headers: dict[str, str]
) -> None:
    hub = world(answer(429, **headers))
    with pytest.raises(APIError) as error:
        hub.play(get(settings, timeout=100_000))
    assert error.value.status_code == 429
    assert hub.slept == []


def test_a_wait_past_the_deadline_is_not_begun(world: Any, settings: Any, answer: Any) -> None:
    hub = world(answer(429, retry_after="5"))
    with pytest.raises(APIError, match="too many requests"):
        hub.play(get(settings, timeout=5))
    assert hub.slept == []


def test_a_request_gets_the_time_that_is_left(world: Any, settings: Any, answer: Any) -> None:
    hub = world((2, answer(500)), (1, answer(429, retry_after="3")), answer())
    hub.play(get(settings, timeout=30))
    timeouts = [request.timeout for request in hub.requests]
    assert timeouts == pytest.approx([30, 28 - hub.slept[0], 24 - hub.slept[0]])


def test_a_redirect_uses_up_the_time_too(world: Any, settings: Any, answer: Any) -> None:
    hub = world((20, answer(307, location="/a")), (9, answer(307, location="/b")), answer())
    hub.play(get(settings, timeout=30))
    assert [request.timeout for request in hub.requests] == [30, 10, 1]


def test_a_request_that_hangs_ends_at_the_deadline(world: Any, settings: Any) -> None:
    hub = world(world.hang)
    with pytest.raises(TimeoutError, match=r"^Operation timed out after 0\.5 seconds"):
        hub.play(get(settings, timeout=0.5))
    assert hub.time == 1000.5


def test_nothing_is_sent_after_the_deadline(world: Any, settings: Any) -> None:
    hub = world()
    with pytest.raises(TimeoutError, match=r"^Operation timed out after 0 seconds"):
        hub.play(get(settings, timeout=0))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["/v2/other?x=1", f"{HUB}/v2/other?x=1", "//127.0.0.1:8180/v2/other?x=1"])
def test_a_get_follows_a_redirect_on_its_origin(world: Any, settings: Any, answer: Any, status: int, place: str) -> None:
    hub = world(answer(status, location=place), answer(200, {"found": 1}))
    assert hub.play(get(settings)).content == b'{"found":1}'
    assert hub.urls[1] == f"{HUB}/v2/other?x=1"
    assert hub.requests[1].headers == hub.requests[0].headers


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_follows_a_redirect_that_keeps_it_a_post(world: Any, settings: Any, answer: Any, status: int) -> None:
    hub = world(answer(status, location="/moved"), answer())
    hub.play(post(settings))
    assert (hub.urls[1], hub.requests[1].method, hub.requests[1].content) == (f"{HUB}/moved", "POST", b"{}")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_is_never_made_a_get(world: Any, settings: Any, answer: Any, status: int) -> None:
    hub = world(answer(status, location="/moved"))
    with pytest.raises(APIError) as error:
        hub.play(post(settings))
    assert error.value.status_code == status


@pytest.mark.parametrize(
    "place",
    [
        "https://127.0.0.1:8180/x",
        "http://127.0.0.1:8181/x",
        "http://127.0.0.1/x",
        "http://localhost:8180/x",
        "//elsewhere.example/x",
        "https://elsewhere.example/x",
        "http://127.0.0.1:8180@elsewhere.example/x",
        "http://elsewhere.example\\@127.0.0.1:8180/x",
        "http://[broken/x",
        "http://127.0.0.1:99999/x",
    ],
)
@pytest.mark.parametrize("operation", [get, post])
def test_the_key_follows_no_redirect_to_another_origin(
    world: Any, settings: Any, answer: Any, place: str, operation: Any
) -> None:
    hub = world(answer(307, location=place))
    with pytest.raises(AixplainV2Error):
        hub.play(operation(settings))
    assert len(hub.requests) == 1


def test_redirects_in_a_circle_end(world: Any, settings: Any, answer: Any) -> None:
    hub = world(then=answer(302, location="/again"))
    with pytest.raises(APIError) as error:
        hub.play(get(settings))
    assert error.value.status_code == 302


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/x",
        "http://127.0.0.1:8181/x",
        "https://127.0.0.1:8180/x",
        "http://127.0.0.1:8180.elsewhere.example/x",
        "http://127.0.0.1:8180@elsewhere.example/x",
        "http://elsewhere.example\\@127.0.0.1:8180/x",  # the HTTP library ends the host at the backslash
        "file:///etc/passwd",
        "http://[broken/x",
        "http://127.0.0.1:99999/x",
    ],
)
def test_an_address_that_is_not_the_clients_is_refused_before_anything_is_sent(world: Any, settings: Any, url: str) -> None:
    with pytest.raises(ConfigurationError):
        world().play(get(settings, url))


def test_a_named_host_is_trusted_over_https_only(world: Any, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIXPLAIN_TRUSTED_HOSTS", "media.example, other.example")
    settings = resolve("the-key", HUB)
    hub = world(answer(), answer())
    hub.play(get(settings, "https://media.example/x"))
    hub.play(get(settings, "https://other.example/x"))
    with pytest.raises(ConfigurationError):
        hub.play(get(settings, "http://media.example/x"))
