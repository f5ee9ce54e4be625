"""A scripted server on loopback, and both transports behind one face."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
import trustme

T = TypeVar("T")
Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(handle: Handler, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that gives each connection to `handle`, in a thread of its own; its port. All end with the block."""
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def work(connection: socket.socket, same: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if context is None:
                handle(connection)
            else:
                with context.wrap_socket(connection, server_side=True) as inside:
                    handle(inside)
        with contextlib.suppress(OSError):
            same.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = listening.accept()[0]
                connections.append(connection.dup())
                threads.append(threading.Thread(target=work, args=(connection, connections[-1])))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                with connection, contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10)


def read_request(connection: socket.socket) -> bytes:
    """The head of a request without a body; b"" at the end of the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return b""
        head += piece
    return head


def response(content: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"content-length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def serve(request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Any, monkeypatch: Any) -> Iterator[Any]:
    """`serve(handle)` gives the address of a server, over http and over https."""
    context = None
    if request.param == "https":
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with contextlib.ExitStack() as stack:

        def start(handle: Handler) -> str:
            return f"{request.param}://127.0.0.1:{stack.enter_context(serving(handle, context))}"

        yield start


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[Any]], Any]:
    """Run a coroutine on a new loop of each kind."""
    if request.param == "asyncio":
        return lambda work: asyncio.run(work)  # type: ignore[arg-type]
    uvloop = pytest.importorskip("uvloop")

    def on_uvloop(work: Any) -> Any:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)

    return on_uvloop
