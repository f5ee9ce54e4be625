"""Connections on asyncio and uvloop: backpressure, reuse, and the end of their loop."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
import weakref
from typing import Any

import pytest
from tests.v2.http.conftest import read_request, response

from aixplain.v2._flow import Request, TransportFailure
from aixplain.v2._http import options
from aixplain.v2._http.loops import AsyncSocketTransport
from aixplain.v2._http.options import Options

LARGE = os.urandom(1024) * 4096


def get(url: str, timeout: float | None = 20) -> Request:
    return Request("GET", f"{url}/", timeout=timeout)


# --- Backpressure ---------------------------------------------------------------------------------


def send_large(connection: socket.socket) -> None:
    while read_request(connection):
        connection.sendall(response(LARGE))


@pytest.mark.parametrize("read_timeout", [None, 10])
def test_a_large_response_arrives_whole(serve: Any, run: Any, read_timeout: float | None) -> None:
    url = serve(send_large)

    async def main() -> bool:
        transport = AsyncSocketTransport(Options(direct=True, read_timeout=read_timeout))
        contents = [(await transport.request(get(url))).content for _ in range(2)]
        await transport.close()
        return contents == [LARGE, LARGE]

    assert run(main())


@pytest.mark.parametrize("read_timeout", [None, 10])
def test_a_large_stream_arrives_whole_at_a_reader_that_begins_late(serve: Any, run: Any, read_timeout: float | None) -> None:
    url = serve(send_large)

    async def main() -> bool:
        transport = AsyncSocketTransport(Options(direct=True, read_timeout=read_timeout))
        stream: Any = await transport.stream(get(url))
        await asyncio.sleep(0.1)
        pieces = []
        while (piece := await stream.read()) is not None:
            pieces.append(piece)
            await asyncio.sleep(0)
        await transport.close()
        return b"".join(pieces) == LARGE

    assert run(main())


def test_a_stream_that_nobody_reads_stops_its_service(serve: Any, run: Any) -> None:
    sent: list[int] = []

    def endless(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.settimeout(0.3)
        try:
            while sum(sent) < 64 * len(LARGE):
                connection.sendall(LARGE[:65536])
                sent.append(65536)
        except OSError:
            return

    url = serve(endless)

    async def main() -> None:
        transport = AsyncSocketTransport(Options(direct=True))
        stream: Any = await transport.stream(get(url))
        await asyncio.sleep(1)
        await stream.close()
        await transport.close()

    run(main())
    assert sum(sent) < 32 * len(LARGE), "the kernel's buffers hold a few MB, and this process no more than a watermark"


# --- Reuse ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["close", "half-close", "surplus"])
def test_a_connection_on_which_something_happened_while_the_loop_was_busy_is_not_used(
    serve: Any, run: Any, ending: str
) -> None:
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

    async def main() -> list[bytes]:
        transport = AsyncSocketTransport(Options(direct=True))
        first = await transport.request(get(url))
        time.sleep(0.2)  # noqa: ASYNC251 - the loop is busy
        second = await transport.request(get(url))
        await transport.close()
        return [first.content, second.content]

    assert run(main()) == [b"right", b"right"]


def test_a_good_connection_is_used_again(serve: Any, run: Any) -> None:
    connections: list[socket.socket] = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        while read_request(connection):
            connection.sendall(response(b"right"))

    url = serve(answer)

    async def main() -> None:
        transport = AsyncSocketTransport(Options(direct=True))
        for _ in range(5):
            await transport.request(get(url))
            await asyncio.sleep(0.01)
        await transport.close()

    run(main())
    assert len(connections) == 1


def test_idle_connections_that_are_old_are_closed(serve: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aixplain.v2._http.loops.KEEP_IDLE", 0.1)
    ended: list[socket.socket] = []

    def answer(connection: socket.socket) -> None:
        try:
            while read_request(connection):
                connection.sendall(response(b"right"))
        finally:
            ended.append(connection)

    url = serve(answer)

    async def main() -> None:
        transport = AsyncSocketTransport(Options(direct=True))
        await asyncio.gather(*(transport.request(get(url)) for _ in range(20)))
        async with asyncio.timeout(15):
            while len(ended) < 20:  # noqa: ASYNC110 - other threads append
                await asyncio.sleep(0.05)
        await transport.close()

    run(main())


# --- Loops ----------------------------------------------------------------------------------------


def test_a_shared_transport_keeps_no_loop_that_ended(serve: Any, run: Any) -> None:
    transport = AsyncSocketTransport(Options(direct=True))
    loops: list[weakref.ref[Any]] = []

    def answer(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(response(b"right"))

    url = serve(answer)

    async def main() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await transport.request(get(url))

    for _ in range(5):
        run(main())
    gc.collect()
    assert [loop() for loop in loops] == [None] * 5


# --- The bound ------------------------------------------------------------------------------------


def test_requests_beyond_the_bound_wait_in_line(serve: Any, run: Any) -> None:
    order: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        while asked := read_request(connection):
            order.append(asked.split(b" ", 2)[1])
            time.sleep(0.01)
            connection.sendall(response(b"right"))

    url = serve(answer)

    async def main() -> None:
        transport = AsyncSocketTransport(Options(direct=True, max_connections=1))
        await asyncio.gather(*(transport.request(Request("GET", f"{url}/{number}", timeout=20)) for number in range(10)))
        await transport.close()

    run(main())
    assert order == [b"/%d" % number for number in range(10)]


def test_who_waits_in_line_is_told_so_at_its_deadline_and_the_line_moves_on(serve: Any, run: Any) -> None:
    def answer(connection: socket.socket) -> None:
        while read_request(connection):
            time.sleep(0.3)
            connection.sendall(response(b"right"))

    url = serve(answer)

    async def main() -> list[Any]:
        transport = AsyncSocketTransport(Options(direct=True, max_connections=1))
        asked = [transport.request(get(url, timeout)) for timeout in (20, 0.1, 20)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await transport.close()
        return answers

    first, second, third = run(main())
    assert (first.content, third.content) == (b"right", b"right")
    assert isinstance(second, TransportFailure)
    assert "all connections of this client were in use" in str(second)


@pytest.mark.parametrize("seconds", [None, float("inf"), 1e10])
def test_there_may_be_no_limit_of_time(serve: Any, run: Any, seconds: float | None) -> None:
    def answer(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(response(b"right"))

    url = serve(answer)

    async def main() -> bytes:
        transport = AsyncSocketTransport(Options(direct=True, connect_timeout=seconds, read_timeout=seconds))
        answer = await transport.request(get(url, seconds))
        await transport.close()
        return answer.content

    assert run(main()) == b"right"


def test_the_bound_follows_the_limit_of_files() -> None:
    assert 1 <= options.connection_limit(Options()) <= 1000
    assert options.connection_limit(Options(max_connections=3)) == 3
