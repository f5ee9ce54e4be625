"""A small server whose answers a test writes: a store, a host of media, or a service that names addresses elsewhere."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

Behaviour = Callable[["Handler"], None]


class Seen(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Place

    def answer(self, status: int = 200, content: Any = b"", **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def hang_up(self) -> None:
        self.close_connection = True

    def _handle(self) -> None:
        planned = self.server.plans[self.command, self.path.partition("?")[0]]
        behaviour = planned.pop(0) if len(planned) > 1 else planned[0] if planned else _unknown
        behaviour(self)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the library's names

    def see(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(Seen(self.command, self.path, headers, body))

    def log_message(self, format: str, *args: Any) -> None:
        """Tests have a quiet terminal."""


def _unknown(handler: Handler) -> None:
    handler.see(handler.read_body())
    handler.answer(404, {"message": "nothing is planned here"})


class Place(ThreadingHTTPServer):
    """`place.on("GET", "/a.png", 503, 200, b"…")`: what it does when asked, in order; the last goes on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.plans: defaultdict[tuple[str, str], list[Behaviour]] = defaultdict(list)
        self.seen: list[Seen] = []

    def on(self, method: str, path: str, *behaviours: Behaviour) -> str:
        """Plan this, and give the address."""
        self.plans[method, path] += behaviours
        return self.url + path

    def asked(self, method: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what a test wants to see."""


def says(status: int = 200, content: Any = b"", **headers: str) -> Behaviour:
    """Read the request whole, and answer."""

    def behave(handler: Handler) -> None:
        handler.see(handler.read_body())
        handler.answer(status, content, **headers)

    return behave


class Service(Place):
    """A service with one model, `m`, that takes a file; it sends uploads to `store` and answers runs with `data`."""

    def __init__(self, store: Place, data_type: str = "document", **parameter: Any) -> None:
        super().__init__()
        params = [{"name": "file", "required": True, "dataType": data_type, **parameter}]
        self.on("GET", "/v2/models/m", says(200, {"id": "m", "name": "M", "params": params}))
        place = {"uploadUrl": f"{store.url}/put?signature=s", "downloadUrl": f"{store.url}/get", "key": "k"}
        self.on("POST", "/sdk/file/upload/temp-url", says(200, place))
        self.on("POST", "/api/v2/execute/m", says(200, {"status": "SUCCESS", "completed": True, "data": "done"}))


@pytest.fixture
def serve() -> Iterator[Callable[[Place], Any]]:
    """Starts a server, and stops it after the test."""
    started: list[Place] = []

    def start(place: Place) -> Place:
        started.append(place)
        threading.Thread(target=place.serve_forever, args=(0.005,), daemon=True).start()
        return place

    yield start
    for place in started:
        place.shutdown()
        place.server_close()


@pytest.fixture(name="says")
def says_fixture() -> Callable[..., Behaviour]:
    """`says(503, b"…", retry_after="1")` reads a request whole, and answers."""
    return says


@pytest.fixture
def place(serve: Any) -> Place:
    """A server somewhere else, where nothing is planned yet."""
    started: Place = serve(Place())
    return started


@pytest.fixture
def store(serve: Any) -> Place:
    """A store of another company: it takes a file at /put."""
    place: Place = serve(Place())
    place.on("PUT", "/put", says())
    return place


@pytest.fixture
def service(serve: Any, store: Place) -> Callable[..., Any]:
    """`service(data_type=…)` starts a service that sends its uploads to the store."""
    return lambda **parameter: serve(Service(store, **parameter))
