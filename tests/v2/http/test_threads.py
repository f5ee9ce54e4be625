"""The pool of the blocking transport: bounded, in order, and careful about what it uses again."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.v2.http.conftest import read_request, response

from aixplain.v2._flow import Request, TransportFailure
from aixplain.v2._http.blocking import SocketTransport
from aixplain.v2._http.options import Options


def get(url: str, timeout: float | None = 20) -> Request:
    return Request("GET", f"{url}/", timeout=timeout)


def test_threads_beyond_the_bound_wait(serve: Any) -> None:
    open_now: list[int] = []
    most: list[int] = []

    def answer(connection: socket.socket) -> None:
        open_now.append(1)
        most.append(len(open_now))
        while read_request(connection):
            time.sleep(0.005)
            connection.sendall(response(b"right"))
        open_now.pop()

    transport = SocketTransport(Options(direct=True, max_connections=4))
    request = get(serve(answer))
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda _: transport.request(request).content, range(200)))
    transport.close()
    assert answers == [b"right"] * 200
    assert max(most) <= 4


def test_a_thread_that_waits_in_line_is_told_so_at_its_deadline(serve: Any) -> None:
    hold = threading.Event()

    def answer(connection: socket.socket) -> None:
        while read_request(connection):
            hold.wait(10)
            connection.sendall(response(b"right"))

    url = serve(answer)
    transport = SocketTransport(Options(direct=True, max_connections=1))
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(transport.request, get(url))
        while not transport._busy:
            time.sleep(0.01)
        with pytest.raises(TransportFailure, match="all connections of this client were in use"):
            transport.request(get(url, 0.1))
        hold.set()
        assert first.result().content == b"right"
    assert transport.request(get(url)).content == b"right"
    transport.close()


@pytest.mark.parametrize("ending", ["close", "half-close", "surplus"])
def test_a_connection_on_which_something_happened_is_not_used(serve: Any, ending: str) -> None:
    def answer_then_end(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(response(b"right"))
        time.sleep(0.05)
        if ending == "surplus":
            connection.sendall(response(b"of another request"))
        elif ending == "half-close":
            connection.shutdown(socket.SHUT_WR)
        else:
            return
        read_request(connection)

    url = serve(answer_then_end)
    transport = SocketTransport(Options(direct=True))
    first = transport.request(get(url)).content
    time.sleep(0.2)
    second = transport.request(get(url)).content
    transport.close()
    assert [first, second] == [b"right", b"right"]


@pytest.mark.parametrize("seconds", [None, float("inf"), 1e10])
def test_there_may_be_no_limit_of_time(serve: Any, seconds: float | None) -> None:
    def answer(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(response(b"right"))

    transport = SocketTransport(Options(direct=True, connect_timeout=seconds, read_timeout=seconds))
    assert transport.request(get(serve(answer), seconds)).content == b"right"
    transport.close()
