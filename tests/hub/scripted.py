"""A service in the shape of OpenAI that answers as a test says, also as no real one should."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DONE = b"data: [DONE]\n\n"


def event(content: Any) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()


def delta(finish_reason: str | None = None, **fields: Any) -> bytes:
    """A chunk of a completion."""
    choice = {"index": 0, "delta": fields, "finish_reason": finish_reason}
    return event({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


def usage(prompt: int, completion: int, **more: Any) -> bytes:
    """The chunk that tells what a stream used."""
    tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}
    return event({"id": "c", "choices": [], "usage": tokens})


def completion(content: str | None = "hello", **message: Any) -> dict[str, Any]:
    """A whole completion."""
    said = {"role": "assistant", "content": content, **message}
    tokens = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"id": "c", "choices": [{"index": 0, "message": said, "finish_reason": "stop"}], "usage": tokens}


@dataclass
class Asked:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Scripted:
    """The service: `answer(request, reply)` is called in a thread of its own for each request."""

    url: str
    answer: Callable[[Asked, Reply], None]
    asked: list[Asked] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    """Set when a reader went away in the middle of a stream."""

    def answers(self, content: Any, status: int = 200, **headers: str) -> None:
        """Answer everything with this JSON, or these bytes."""
        self.answer = lambda asked, reply: reply.whole(content, status, **headers)

    def streams(self, *pieces: bytes) -> None:
        """Answer everything with these pieces of a stream, each in a packet of its own."""
        self.answer = lambda asked, reply: reply.stream(pieces)


class Reply:
    """Writes one answer."""

    def __init__(self, handler: BaseHTTPRequestHandler, service: Scripted) -> None:
        self.port = handler.client_address[1]
        self._handler = handler
        self._service = service

    def whole(self, content: Any, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        told = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        self._head(status, {**told, "content-length": str(len(body))})
        self._handler.wfile.write(body)

    def begin(self, content_type: str = "text/event-stream") -> None:
        self._head(200, {"content-type": content_type, "transfer-encoding": "chunked"})

    def piece(self, data: bytes) -> None:
        try:
            self._handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        except OSError:
            self._service.left.set()
            raise

    def end(self) -> None:
        self._handler.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Close the connection in the middle."""
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def stream(self, pieces: tuple[bytes, ...]) -> None:
        self.begin()
        for piece in pieces:
            self.piece(piece)
        self.end()

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()


@contextmanager
def scripted() -> Iterator[Scripted]:
    """The service, running on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            size = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.path, headers, self.rfile.read(size))
            service.asked.append(asked)
            with suppress(OSError):
                service.answer(asked, Reply(self, service))

        do_POST = do_GET  # noqa: N815 - the name that the library calls

        def handle(self) -> None:
            with suppress(OSError, ValueError):  # the connection was cut, here or there
                super().handle()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service = Scripted(f"http://127.0.0.1:{server.server_address[1]}/v1", lambda asked, reply: reply.whole({}, 404))
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trickle(asked: Asked, reply: Reply) -> None:
    """Answer for ever with nothing, until the reader leaves."""
    reply.begin("application/json")
    while True:
        reply.piece(b" ")
        threading.Event().wait(0.005)
