"""Transports of one's own, and the one over httpx2."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest

from aixplain import Aixplain, APIError, ConnectionLostError, ConnectionTimeoutError, TimeoutError
from aixplain.hub.embedded import EmbeddedHub
from aixplain.v2 import transport
from aixplain.v2.exceptions import ConfigurationError, IncompleteStreamError, ResourceError
from aixplain.v2.transport import (
    AsyncClock,
    AsyncHttpx2Transport,
    Clock,
    Httpx2Transport,
    Request,
    Response,
    TransportFailure,
)


@pytest.fixture(autouse=True)
def two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As patient as is needed to see that something is tried again."""
    monkeypatch.setattr("aixplain.v2._send.ATTEMPTS", 2)


MODEL = b'{"id": "1", "name": "Parrot", "supportsStreaming": true, "connectionType": ["synchronous"]}'
HELLO = b'{"status": "SUCCESS", "completed": true, "data": "Hello!"}'


# --- One's own ------------------------------------------------------------------------------------


class Canned(Clock):
    """Answers by itself, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.closed = 0

    def request(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, {}, MODEL if request.method == "GET" else HELLO)

    stream = request

    def close(self) -> None:
        self.closed += 1


class AsyncCanned(AsyncClock):
    """`Canned` on asyncio."""

    def __init__(self) -> None:
        self.canned = Canned()

    async def request(self, request: Request) -> Response:
        return self.canned.request(request)

    stream = request

    async def close(self) -> None:
        self.canned.close()


def test_a_transport_of_ones_own_sends_the_requests(connect: Any, request: pytest.FixtureRequest) -> None:
    own = Canned() if request.node.callspec.params["connect"] == "sync" else AsyncCanned()
    canned = own if isinstance(own, Canned) else own.canned
    aix = connect(api_key="a-key", backend_url="https://hub.test", transport=own)
    assert aix.Model.get("acme/parrot").run(text="Hello?").data == "Hello!"
    assert [each.url for each in canned.requests] == [
        "https://hub.test/v2/models/acme%2Fparrot",
        "https://hub.test/api/v2/execute/1",
    ]
    assert canned.requests[0].headers["x-api-key"] == "a-key"
    assert "a-key" not in repr(canned.requests)
    assert canned.closed == 0
    aix.close()
    assert canned.closed == 1
    assert aix.Model.get("acme/parrot").name == "Parrot", "what a closed transport does is its own business"


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout"])
def test_times_beside_a_transport_of_ones_own_are_refused(connect: Any, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is the business of the transport"):
        connect(backend_url="https://hub.test", transport=Canned(), **{name: 5})


def test_the_public_module_has_what_it_names() -> None:
    assert sorted(transport.__all__) == transport.__all__
    assert all(getattr(transport, name) for name in transport.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Requests'"):
        _ = transport.Requests


# --- httpx2 ---------------------------------------------------------------------------------------

Handler = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def over_httpx2(connect: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`over_httpx2(backend_url, **options of the httpx2 client)` makes a client of aixplain over one of httpx2."""

    def make(backend_url: str, handler: Handler | None = None, **options: Any) -> Any:
        if handler is not None:
            options["transport"] = httpx2.MockTransport(handler)
        if request.node.callspec.params["connect"] == "sync":
            return connect(backend_url=backend_url, transport=Httpx2Transport(httpx2.Client(**options)))
        return connect(backend_url=backend_url, transport=AsyncHttpx2Transport(httpx2.AsyncClient(**options)))

    return make


def test_httpx2_runs_streams_and_polls(over_httpx2: Any, hub: EmbeddedHub) -> None:
    aix = over_httpx2(hub.url)
    assert aix.Model.get("acme/shout").run(text="hi").data == "HI!"
    assert aix.Model.get("acme/slow").run(text="done").data == "done"
    with aix.Model.get("acme/count").run_stream(text="n") as stream:
        assert [chunk.data for chunk in stream] == ["n0 ", "n1 ", "n2 "]
    with pytest.raises(APIError, match="HTTP 404"):
        aix.Model.get("acme/nothing")
    with aix.Model.get("acme/count").run_stream(text="n", upto=100_000) as stream:
        assert next(iter(stream)).data == "n0 "


def test_a_refused_stream_is_read_whole(over_httpx2: Any) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, content=MODEL)
        return httpx2.Response(403, json={"message": "not for you"})

    with (
        pytest.raises(APIError, match="not for you") as error,
        over_httpx2("http://127.0.0.1:1", answer).Model.get("x").run_stream(text="n") as stream,
    ):
        list(stream)
    assert error.value.status_code == 403


def test_a_redirect_of_httpx2_is_the_clients_business(over_httpx2: Any) -> None:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        return httpx2.Response(307, headers={"location": "http://elsewhere.test/"})

    with pytest.raises(APIError, match=r"redirects to http://elsewhere\.test"):
        over_httpx2("http://127.0.0.1:1", answer, follow_redirects=True).Model.get("x")
    assert seen == ["http://127.0.0.1:1/v2/models/x"]


@pytest.mark.parametrize(
    ("failure", "kind", "attempts"),
    [
        (httpx2.ConnectError("nobody there"), ConnectionLostError, 2),
        (httpx2.ConnectTimeout("too long"), ConnectionTimeoutError, 2),
        (httpx2.PoolTimeout("too many"), ConnectionTimeoutError, 2),
        (httpx2.ReadTimeout("too long"), ConnectionTimeoutError, 1),
        (httpx2.ReadError(""), ConnectionLostError, 1),
        (httpx2.RemoteProtocolError("odd"), ConnectionLostError, 1),
    ],
)
def test_no_error_of_httpx2_reaches_a_caller(over_httpx2: Any, failure: Exception, kind: type, attempts: int) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, content=MODEL)
        raise failure

    model = over_httpx2("http://127.0.0.1:1", answer).Model.get("x")
    with pytest.raises(kind) as error:
        model.run(text="hi")
    assert len(error.value.attempts) == attempts
    assert isinstance(error.value.__cause__, TransportFailure)


def test_a_stream_of_httpx2_that_breaks_keeps_what_came(over_httpx2: Any) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'data: {"data": "one "}\n\n'
        raise httpx2.ReadError("cut")

    class Both(httpx2.SyncByteStream, httpx2.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return pieces()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in pieces():
                yield piece

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, content=MODEL)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Both())

    model = over_httpx2("http://127.0.0.1:1", answer).Model.get("x")
    with model.run_stream(text="n") as stream, pytest.raises(IncompleteStreamError) as error:
        list(stream)
    assert error.value.partial == "one "


def test_a_run_has_all_of_its_own_time_over_httpx2(over_httpx2: Any) -> None:
    times: list[dict[str, float]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        times.append(request.extensions["timeout"])
        return httpx2.Response(200, content=MODEL if request.method == "GET" else HELLO)

    over_httpx2("http://127.0.0.1:1", answer).Model.get("x").run(text="hi", timeout=100)
    assert times[1]["read"] == pytest.approx(100, abs=1)
    assert times[1]["connect"] == 5
    over_httpx2("http://127.0.0.1:1", answer, timeout=httpx2.Timeout(3, read=7)).Model.get("x").run(text="hi", timeout=100)
    assert (times[3]["connect"], times[3]["read"]) == (3, 7)


def test_a_deadline_over_httpx2_is_a_timeout(over_httpx2: Any, hub: EmbeddedHub, release: Any) -> None:
    release.clear()
    model = over_httpx2(hub.url).Model.get("acme/gated")
    with pytest.raises(TimeoutError, match=r"Operation timed out after 0\.3 seconds"):
        model.run(text="late", timeout=0.3)
    release.set()


def test_a_closed_client_of_httpx2_says_so(over_httpx2: Any, hub: EmbeddedHub) -> None:
    aix = over_httpx2(hub.url)
    aix.Model.get("acme/shout")
    aix.close()
    with pytest.raises(ResourceError, match="This client was closed, and the httpx2 client"):
        aix.Model.get("acme/shout")


def test_httpx2_is_loaded_by_those_alone_who_name_it() -> None:
    code = """
import sys
from aixplain.v2.transport import Clock
from aixplain import Aixplain
Aixplain(backend_url="http://127.0.0.1:1")
assert not {"httpx2", "httptools", "logging", "tomllib", "threading", "asyncio"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_blocking_client_takes_a_client_of_httpx2_with_an_event_hook(hub: EmbeddedHub) -> None:
    seen: list[str] = []
    client = httpx2.Client(event_hooks={"request": [lambda request: seen.append(request.method)]})
    with Aixplain(backend_url=hub.url, transport=Httpx2Transport(client)) as aix:
        aix.Model.get("acme/shout").run(text="hi")
    assert seen == ["GET", "POST"]
    assert client.is_closed
