"""Deadlines of both transports: signals, slow names, dead addresses, slow handshakes and proxies, early responses."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.v2.http.conftest import read_request, response, serving

from aixplain.v2._flow import Request, Response, TransportFailure, TransportTimeout
from aixplain.v2._http import resolver
from aixplain.v2._http.blocking import SocketTransport
from aixplain.v2._http.loops import AsyncSocketTransport
from aixplain.v2._http.options import Options

LARGE = 8 * 1024 * 1024


class Pieces:
    """A body that is read while it is sent."""

    size = LARGE

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(LARGE // 65536):
            yield bytes(65536)


def send_blocking(request: Request, options: Options) -> Response:
    transport = SocketTransport(options)
    try:
        return transport.request(request)
    finally:
        transport.close()


def send_on_asyncio(request: Request, options: Options) -> Response:
    async def main() -> Response:
        transport = AsyncSocketTransport(options)
        try:
            return await transport.request(request)
        finally:
            await transport.close()

    return asyncio.run(main())


def send_on_uvloop(request: Request, options: Options) -> Response:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> Response:
        transport = AsyncSocketTransport(options)
        try:
            return await transport.request(request)
        finally:
            await transport.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


Send = Callable[[Request, Options], Response]


@pytest.fixture(params=[send_blocking, send_on_asyncio, send_on_uvloop], ids=["blocking", "asyncio", "uvloop"])
def send(request: pytest.FixtureRequest) -> Send:
    """Send one request by a new transport."""
    return request.param  # type: ignore[no-any-return]


def elapsed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


# --- Signals --------------------------------------------------------------------------------------


class TooLate(Exception):
    """Raised by a handler of signals, so that a test which fails ends."""


@pytest.fixture
def ticking() -> Iterator[None]:
    """A signal every twentieth of a second."""
    too_late = time.monotonic() + 15

    def tick(*_: Any) -> None:
        if time.monotonic() > too_late:
            raise TooLate

    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def deaf(connection: socket.socket) -> None:
    time.sleep(0.7)  # and reads nothing


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize("behaviour", [silent, deaf])
@pytest.mark.parametrize("content", [None, bytes(LARGE), Pieces()], ids=["none", "bytes", "pieces"])
def test_a_deadline_holds_under_signals(serve: Any, send: Send, behaviour: Any, content: Any) -> None:
    request = Request("POST", f"{serve(behaviour)}/", {}, content, timeout=0.4)
    with pytest.raises(TransportTimeout, match="did not answer in time"):
        send(request, Options(direct=True))


@pytest.mark.usefixtures("ticking")
def test_a_deadline_holds_under_signals_during_a_tls_handshake(send: Send) -> None:
    with serving(silent) as port, pytest.raises(TransportTimeout):
        send(Request("GET", f"https://127.0.0.1:{port}/", timeout=0.4), Options(direct=True))


@pytest.mark.usefixtures("ticking")
def test_a_deadline_holds_under_signals_while_a_proxy_is_silent(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(silent) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(TransportTimeout):
            send(Request("GET", "https://service.test/", timeout=0.4), Options())


def test_a_handshake_through_a_proxy_is_bounded(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_and_be_silent(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        silent(connection)

    with serving(open_and_be_silent) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(TransportTimeout, match="connect_timeout"):
            send(Request("GET", "https://service.test/", timeout=20), Options(connect_timeout=0.3))


# --- Names and addresses --------------------------------------------------------------------------


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Addresses of names, or what a look-up of them does."""
    found: dict[str, Any] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        answer = found.get(host)
        if callable(answer):
            answer = answer()
        if answer is None:
            return real(host, port, *args, **options)
        addresses: Any = answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return found


def test_a_lookup_that_hangs_outlives_no_deadline(send: Any, names: dict[str, Any]) -> None:
    release, host = threading.Event(), f"{send.__name__}.test"
    names[host] = lambda: release.wait(20) and []
    try:
        with pytest.raises(TransportTimeout):
            send(Request("GET", f"http://{host}/", timeout=0.2), Options(direct=True))
    finally:
        release.set()


def test_lookups_that_hang_take_one_thread_and_no_executor(names: dict[str, Any]) -> None:
    release = threading.Event()
    names["hanging.test"] = lambda: release.wait(20) and []

    async def main() -> tuple[list[Any], str, int]:
        transport = AsyncSocketTransport(Options(direct=True))
        asked = [transport.request(Request("GET", "http://hanging.test/", timeout=0.5)) for _ in range(100)]
        gathering = asyncio.gather(*asked, return_exceptions=True)
        await asyncio.sleep(0.1)
        threads = sum(each.name == "aixplain-lookup" for each in threading.enumerate())
        other = await asyncio.to_thread(lambda: "the executor is free")
        answers = await gathering
        await transport.close()
        return answers, other, threads

    try:
        answers, other, threads = asyncio.run(main())
    finally:
        release.set()
    assert {type(each) for each in answers} == {TransportTimeout}
    assert (other, threads) == ("the executor is free", 1)


@pytest.mark.parametrize("failure", [UnicodeError("label too long"), ValueError("embedded null character"), OSError("none")])
def test_a_lookup_that_fails_is_a_failure_of_the_transport(send: Send, names: dict[str, Any], failure: Exception) -> None:
    def fail() -> None:
        raise failure

    names["odd.test"] = fail
    for _ in range(2):
        with pytest.raises(TransportFailure, match="can't be reached"):
            send(Request("GET", "http://odd.test/", timeout=5), Options(direct=True))
    assert not resolver._running


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_waits_for_no_lookup_of_its_parent(names: dict[str, Any]) -> None:
    release = threading.Event()
    names["parent.test"] = lambda: release.wait(20) and []
    lookup = resolver.look_up("parent.test", 80)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if not resolver._running else 1)
    assert os.waitpid(pid, 0)[1] == 0
    release.set()
    assert lookup.wait(10) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs the further loopback addresses of Linux")
@pytest.mark.parametrize("order", [("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")])
def test_a_dead_address_costs_a_quarter_of_a_second(send: Send, names: dict[str, Any], order: tuple[str, str]) -> None:
    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(response(b"right"))

    with serving(answer) as port, socket.socket() as dead:
        dead.bind(("127.0.0.2", port))
        dead.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", port))
        names["two.test"] = lambda: order
        try:
            got = send(Request("GET", f"http://two.test:{port}/", timeout=20), Options(direct=True))
        finally:
            for each in waiting:
                each.close()
    assert got.content == b"right"


# --- Early responses ------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [bytes(LARGE), Pieces()], ids=["bytes", "pieces"])
@pytest.mark.parametrize("after", ["stays", "half-closes", "reads slowly"])
def test_a_response_before_the_end_of_the_body_is_read(serve: Any, send: Send, content: Any, after: str) -> None:
    def refuse(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1024)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge")
        if after == "half-closes" and not hasattr(connection, "pending"):
            connection.shutdown(socket.SHUT_WR)
        if after == "reads slowly":
            time.sleep(0.3)
            silent(connection)
        time.sleep(0.5)

    got = send(Request("PUT", f"{serve(refuse)}/", {}, content, timeout=20), Options(direct=True))
    assert (got.status, got.content) == (413, b"large")


def test_a_response_is_read_though_the_connection_is_reset_while_a_body_is_sent(send: Send) -> None:
    def refuse_and_leave(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\n\r\nlarge")

    with serving(refuse_and_leave) as port:
        url = f"http://127.0.0.1:{port}/"
        got = send(Request("PUT", url, {}, bytes(LARGE), timeout=20), Options(direct=True))
    assert (got.status, got.content) == (413, b"large")


@pytest.mark.parametrize("content", [bytes(LARGE), Pieces()], ids=["bytes", "pieces"])
def test_a_large_body_arrives_whole(serve: Any, send: Send, content: Any) -> None:
    def count(connection: socket.socket) -> None:
        received = connection.recv(65536)
        _, _, first = received.partition(b"\r\n\r\n")
        size = len(first)
        while size < LARGE:
            size += len(connection.recv(65536))
        connection.sendall(response(str(size).encode()))

    got = send(Request("PUT", f"{serve(count)}/", {}, content, timeout=20), Options(direct=True))
    assert got.content == str(LARGE).encode()
