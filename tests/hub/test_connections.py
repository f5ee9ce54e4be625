"""What a caller may keep waiting, send and have open: beyond that, a connection is answered with why, and closed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from aixplain.hub import Hub, Output, Settings, protocol
from aixplain.hub.backends import OnProgress, Piece
from aixplain.hub.catalog import Entry

from .conftest import Caller, wait_for

#: Seconds that a hub waits: for what never comes, and for what a test does in them, on a machine with much to do too.
SHORT, ENOUGH = 0.2, 1.5
RUN = b"POST /api/v2/execute/acme/say HTTP/1.1\r\nhost: localhost\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"


def saying(**settings: float) -> Hub:
    hub = Hub(builtin=False, settings=Settings(**settings))  # type: ignore[arg-type]

    @hub.model("acme/say")
    def say(text: str) -> str:
        return text

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        yield text
        time.sleep(1.5 * ENOUGH)
        yield text

    return hub


@pytest.fixture(autouse=True)
def long_parting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PARTING_SECONDS", 20.0)


@pytest.fixture(scope="module")
def hub(serve: Callable[..., Caller]) -> Caller:
    """A hub that waits."""
    return serve(saying(largest_body=1000))


@pytest.fixture(scope="module")
def strict(serve: Callable[..., Caller]) -> Caller:
    """A hub that waits for so long, and no longer."""
    return serve(saying(header_timeout=ENOUGH, body_timeout=ENOUGH, body_rate=4, keep_alive=ENOUGH))


@pytest.fixture(scope="module")
def hasty(serve: Callable[..., Caller]) -> Caller:
    """A hub that waits for a moment, once it has the head of a request."""
    return serve(saying(body_timeout=SHORT, keep_alive=SHORT))


@pytest.fixture
def connection(hub: Caller) -> Iterator[socket.socket]:
    with connected_to(hub) as connected:
        yield connected


def connected_to(hub: Caller) -> socket.socket:
    return socket.create_connection(hub.address, timeout=20)


def to_the_end(connection: socket.socket) -> bytes:
    """All that comes until the hub closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def assert_refused(answer: bytes, status: int, *words: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in head
    assert b'"statusCode":%d' % status in body
    for word in words:
        assert word in body


def test_a_connection_that_says_nothing_is_closed(strict: Caller) -> None:
    with connected_to(strict) as connection:
        assert to_the_end(connection) == b""


def test_a_head_that_does_not_come_whole_is_a_408(strict: Caller) -> None:
    with ExitStack() as connections:
        answers = []
        for began in (b"G", b"GET /healthz HTTP/1.1\r\n", RUN + b"content-length: 5\r\n"):
            connection = connections.enter_context(connected_to(strict))
            connection.sendall(began)
            answers.append(connection)
        for connection in answers:
            assert_refused(to_the_end(connection), 408, b"The head of the request did not come in 1.5 seconds.")


def test_a_head_that_comes_byte_by_byte_is_late_all_the_same(strict: Caller) -> None:
    answer, line = b"", b"x-pad: " + b"x" * 10_000
    with connected_to(strict) as connection:
        connection.settimeout(0.05)
        for number in range(len(line)):
            connection.sendall((b"GET /healthz HTTP/1.1\r\n" + line)[number : number + 1])
            try:
                answer += connection.recv(65536)
                break
            except TimeoutError:
                """Nothing yet: the next byte."""
        connection.settimeout(20)
        assert_refused(answer + to_the_end(connection), 408, b"The head")


def test_a_second_request_on_a_connection_has_its_own_time(strict: Caller) -> None:
    with connected_to(strict) as connection:
        connection.sendall(ALIVE)
        assert b"200 OK" in connection.recv(1000)
        connection.sendall(b"GET /heal")
        assert_refused(to_the_end(connection), 408, b"The head")


@pytest.mark.parametrize("body", [b"content-length: 50\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n5\r\n{"])
def test_a_body_that_stalls_is_a_408(hasty: Caller, body: bytes) -> None:
    with connected_to(hasty) as connection:
        connection.sendall(RUN + body)
        assert_refused(to_the_end(connection), 408, b"Nothing more of the request's body came for 0.2 seconds.")


def test_a_body_that_comes_slowly_is_waited_for(strict: Caller) -> None:
    body = b'{"text": "slow"}'
    with connected_to(strict) as connection:
        connection.sendall(RUN + b"content-length: %d\r\n\r\n" % len(body))
        for number in range(len(body)):
            connection.sendall(body[number : number + 1])
            time.sleep(ENOUGH / 10)
        assert b'"data":"slow"' in connection.recv(1000)


def test_an_answer_may_take_longer_than_a_question(strict: Caller) -> None:
    with strict.connect("acme/pieces", {"text": "slow", "stream": True}) as stream:
        answer = b""
        while b"[DONE]" not in answer:
            piece = stream.recv(1000)
            assert piece
            answer += piece
    assert answer.count(b'"slow"') == 2


def test_a_connection_on_which_nothing_more_is_asked_is_closed(hasty: Caller) -> None:
    with connected_to(hasty) as connection:
        connection.sendall(ALIVE)
        answer = to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b'{"status":"ok"}')


def test_two_requests_in_one_packet_are_both_answered(hasty: Caller) -> None:
    with connected_to(hasty) as connection:
        connection.sendall(ALIVE * 2)
        assert to_the_end(connection).count(b"HTTP/1.1 200 OK") == 2


class Holding:
    """A model that holds the whole hub up."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        self.begun.set()
        time.sleep(1.5 * ENOUGH)  # noqa: ASYNC251 - that is what it does
        return Output("done")

    def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        raise NotImplementedError


def test_what_came_in_time_is_answered_although_the_hub_was_held_up(serve: Callable[..., Caller]) -> None:
    hub, holding = saying(header_timeout=ENOUGH, body_timeout=ENOUGH, keep_alive=ENOUGH), Holding()
    hub.add(Entry("acme/holds", "utilities", "Holds", "", "acme", holding))
    caller = serve(hub)
    with connected_to(caller) as first, connected_to(caller) as again:
        again.sendall(ALIVE)
        assert b"200 OK" in again.recv(1000)
        with caller.connect("acme/holds", {}):
            assert holding.begun.wait(20)
        for connection in (first, again):
            connection.sendall(ALIVE)
            assert b"200 OK" in connection.recv(1000)


@pytest.mark.parametrize("pauses", [0, 1])
def test_a_head_that_is_too_large_is_a_431_at_once_or_in_parts(connection: socket.socket, pauses: int) -> None:
    head = b"GET /healthz HTTP/1.1\r\nx-pad: " + b"x" * 66_000
    connection.sendall(head)
    time.sleep(pauses * 0.1)
    if not pauses:
        connection.sendall(b"\r\n\r\n")
    assert_refused(to_the_end(connection), 431, b"larger than 64 kB")


def test_who_is_refused_while_sending_can_send_on_and_read_why(connection: socket.socket) -> None:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nx-pad: " + b"x" * 66_000)
    assert b"431" in connection.recv(100, socket.MSG_PEEK)
    for _ in range(10):
        connection.sendall(b"x" * 10_000)
        time.sleep(0.01)
    assert_refused(to_the_end(connection), 431, b"larger than 64 kB")


def test_who_was_refused_and_does_not_leave_is_left(connection: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PARTING_SECONDS", 0.1)
    connection.sendall(b"hello\r\n\r\n")
    assert_refused(to_the_end(connection), 400)
    assert wait_for(lambda: _is_cut(connection))


def _is_cut(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except OSError:
        return True
    return False


def test_a_head_that_is_just_not_too_large_is_read(connection: socket.socket) -> None:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nx-pad: " + b"x" * 60_000 + b"\r\n\r\n")
    assert b"200 OK" in connection.recv(1000)


@pytest.mark.parametrize("sent", [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"])
def test_what_is_no_http_is_a_400(connection: socket.socket, sent: bytes) -> None:
    connection.sendall(sent)
    assert_refused(to_the_end(connection), 400, b"This is no HTTP request that can be read.")


def test_a_body_beyond_the_limit_is_a_413(hub: Caller) -> None:
    answer = hub.run("acme/say", {"text": "x" * 1000})
    assert (answer.status, answer.json["message"]) == (413, "The body is larger than 0.000954 MB; send files up instead.")


def test_a_connection_beyond_those_that_may_be_open_is_a_503(serve: Callable[..., Caller]) -> None:
    caller = serve(saying(most_connections=2))
    held = [socket.create_connection(caller.address, timeout=20) for _ in range(2)]
    for each in held:  # so that both were taken
        each.sendall(ALIVE)
        assert b"200 OK" in each.recv(1000)
    with socket.create_connection(caller.address, timeout=20) as third:
        answer = to_the_end(third)
    assert_refused(answer, 503, b"as many connections open as it may")
    assert b"retry-after: 1" in answer
    held.pop().close()
    assert wait_for(lambda: _is_answered(caller))
    held.pop().close()


def _is_answered(caller: Caller) -> bool:
    with socket.create_connection(caller.address, timeout=20) as connection:
        connection.sendall(ALIVE)
        return connection.recv(1000).startswith(b"HTTP/1.1 200")
