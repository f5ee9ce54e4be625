"""A bare socket with msgspec: the least that a client can do, with no errors, retries, deadlines or checks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
from worker import URL, cpu_each, cpu_each_chunk, cpu_each_on_asyncio, serve

PLACE = urlsplit(URL)
HOST, PORT = PLACE.hostname, PLACE.port


class Model(msgspec.Struct, rename="camel"):
    id: str
    name: str
    params: msgspec.Raw
    description: str | None = None
    supports_streaming: bool | None = None
    connection_type: list[str] | None = None


class Result(msgspec.Struct):
    status: str
    completed: bool
    data: Any


class Plain(msgspec.Struct):
    data: str


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta
    finish_reason: str | None = None


class Completion(msgspec.Struct):
    choices: list[Choice]


read_model = msgspec.json.Decoder(Model).decode
read_result = msgspec.json.Decoder(Result).decode
EVENTS = {"data": msgspec.json.Decoder(Plain).decode, "openai": msgspec.json.Decoder(Completion).decode}
INPUTS = {"text": "hello", "temperature": 0.7, "max_tokens": 4096, "top_p": 1.0}


def message(method: str, path: str, body: bytes = b"") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nhost: {HOST}:{PORT}\r\nx-api-key: bench\r\naccept: application/json\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def post_run(name: str = "bench") -> bytes:
    return message("POST", f"/api/v2/execute/{name}", msgspec.json.encode(INPUTS))


def body_of(answer: bytes) -> bytes | None:
    """The body, once it is whole."""
    end = answer.find(b"\r\n\r\n") + 4
    if end < 4:
        return None
    found = answer.index(b"content-length: ") + 16
    length = int(answer[found : answer.index(b"\r", found)])
    return answer[end:] if len(answer) == end + length else None


connection = socket.create_connection((HOST, PORT))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def ask(request: bytes) -> bytes:
    connection.sendall(request)
    answer = connection.recv(65536)
    while (body := body_of(answer)) is None:
        answer += connection.recv(65536)
    return body


def get() -> None:
    assert read_model(ask(message("GET", "/v2/models/bench"))).id == "bench"


def run() -> None:
    assert read_result(ask(post_run())).data


def pieces(name: str) -> Iterator[bytes]:
    """The answer's body as it comes, out of its chunked coding."""
    connection.sendall(post_run(name))
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        buffer += connection.recv(65536)
    buffer = buffer.split(b"\r\n\r\n", 1)[1]
    while True:
        end = buffer.find(b"\r\n")
        if end < 0 or len(buffer) < (whole := end + 4 + int(buffer[:end], 16)):
            buffer += connection.recv(131072)
            continue
        if whole == end + 4:
            return
        yield buffer[end + 2 : whole - 2]
        buffer = buffer[whole:]


def chunks(name: str) -> Iterator[Any]:
    read = EVENTS[name.split(".")[0]]
    rest = b""
    for piece in pieces(name):
        *events, rest = (rest + piece).split(b"\n\n")
        for event in events:
            if event != b"data: [DONE]":
                yield read(event[6:])


BUFFER = memoryview(bytearray(65536))


class Connection(asyncio.BufferedProtocol):
    """One connection on asyncio, one request at a time.

    Buffered, because `asyncio.Protocol` takes 256 kB from the system for each answer.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.answer = b""

    def get_buffer(self, sizehint: int) -> memoryview:
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        self.answer += BUFFER[:nbytes]
        body = body_of(self.answer)
        if body is not None:
            self.answer = b""
            self.waiting.set_result(body)

    async def ask(self, request: bytes) -> bytes:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiting


idle: list[Connection] = []


async def arun() -> None:
    if idle:
        link = idle.pop()
    else:
        _, link = await asyncio.get_running_loop().create_connection(Connection, HOST, PORT)
    assert read_result(await link.ask(post_run())).data
    idle.append(link)


serve(
    {
        "get": cpu_each(get),
        "run": cpu_each(run),
        "run on asyncio": cpu_each_on_asyncio(arun),
        "stream": cpu_each_chunk(chunks),
    }
)
