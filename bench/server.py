"""The scripted server: what every client is measured against, in a process of its own. It prints its address.

A bare HTTP/1.1 on uvloop with fixed answers, so that a client waits for itself. What it plays is chosen by the model's
id: see `answers.Stream` for streams; `slow-plain` and `slow-held` accept a run that takes the seconds of its `text`,
the second one holds its polls as `Prefer: wait` asks; any other id is answered at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import socket
import threading
import time
from typing import cast

import msgspec
import uvloop

from bench import answers
from bench.answers import Stream

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HOST = re.compile(rb"\r\nhost: *([^\r]+)", re.IGNORECASE)
_WAIT = re.compile(rb"\r\nprefer: *wait=(\d+)", re.IGNORECASE)

#: Seconds between events from which on the loop's clock is good enough.
SLOW = 0.01

ORDINARY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
STREAMED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


class Posted(msgspec.Struct):
    """What the server reads of a post's body."""

    model: str = ""
    text: str = ""


class Run:
    """An accepted run: it ends by itself, and remembers when."""

    def __init__(self, seconds: float, *, holds: bool) -> None:
        self.holds = holds
        self.over = asyncio.Event()
        self.ended = 0.0
        asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self.ended = time.monotonic()
        self.over.set()

    def envelope(self) -> bytes:
        """How it stands."""
        return answers.finished_at(self.ended) if self.over.is_set() else answers.IN_PROGRESS


class Connection(asyncio.Protocol):
    """One client's connection, one request at a time."""

    runs: dict[str, Run] = {}
    numbers = itertools.count()
    kept = 0
    """How many connections carried another request after a stream."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = b""
        self._streamed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n") + 4) > 3:
            found = _LENGTH.search(self._buffer, 0, end)
            whole = end + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            head, body, self._buffer = self._buffer[:end], self._buffer[end:whole], self._buffer[whole:]
            self._note_reuse()
            self._answer(head, body)

    def _note_reuse(self) -> None:
        if self._streamed:
            Connection.kept += 1
        self._streamed = False

    def _answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        room, _, name = path.rpartition("/")
        match room:
            case "/api/v2/execute":
                self._run(name, head, body)
            case "/v1/chat":
                self._complete(msgspec.json.decode(body, type=Posted).model)
            case "/v1" if name == "messages":
                self._complete(msgspec.json.decode(body, type=Posted).model, answers.ANTHROPIC)
            case "/v2/models":
                self._send(answers.page() if name == "paginate" else answers.model(name))
            case "/v1/models":
                self._send(answers.OPENAI_MODEL)
            case "/api/v1/data":
                self._poll(self.runs[name], head)
            case _:
                self._send(b"%d" % Connection.kept)
                Connection.kept = 0

    def _send(self, content: bytes) -> None:
        self._transport.write(ORDINARY % (len(content), content))

    # --- Runs ---------------------------------------------------------------------------------------

    def _run(self, name: str, head: bytes, body: bytes) -> None:
        if stream := Stream.named(name):
            self._stream(stream)
        elif name.startswith("slow"):
            self._accept(float(msgspec.json.decode(body, type=Posted).text), head, holds=name == "slow-held")
        else:
            self._send(answers.FINISHED)

    def _complete(self, name: str, whole: bytes = answers.COMPLETION) -> None:
        if stream := Stream.named(name):
            self._stream(stream)
        else:
            self._send(whole)

    def _accept(self, seconds: float, head: bytes, *, holds: bool) -> None:
        id = str(next(self.numbers))
        self.runs[id] = Run(seconds, holds=holds)
        host = _HOST.search(head)
        assert host is not None
        self._send(answers.accepted(f"http://{host[1].decode()}/api/v1/data/{id}"))

    def _poll(self, run: Run, head: bytes) -> None:
        wait = _WAIT.search(head)
        if not run.holds or wait is None or run.over.is_set():
            self._send(run.envelope())
            return
        task = asyncio.ensure_future(self._hold(run, float(wait[1])))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hold(self, run: Run, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(run.over.wait(), seconds)
        self._send(run.envelope())

    # --- Streams ------------------------------------------------------------------------------------

    def _stream(self, stream: Stream) -> None:
        self._streamed = True
        manner = b"transfer-encoding: chunked\r\n\r\n" if stream.chunked else b"connection: close\r\n\r\n"
        self._transport.write(STREAMED + manner)
        if stream.pace >= SLOW:
            self._stream_slowly(stream, stream.count)
            return
        if stream.pace:
            threading.Thread(target=self._stream_paced, args=(stream, asyncio.get_running_loop())).start()
            return
        for frame in answers.frames(stream.kind, stream.count):
            self._transport.write(_framed(frame, stream))
        self._end_stream(stream)

    def _stream_slowly(self, stream: Stream, left: int) -> None:
        """By timers of the loop, of which thousands cost little."""
        if self._transport.is_closing():
            return
        if not left:
            self._transport.write(_framed(answers.ending(stream.kind), stream))
            self._end_stream(stream)
            return
        self._transport.write(_framed(answers.event(stream.kind, time.monotonic()), stream))
        asyncio.get_running_loop().call_later(stream.pace, self._stream_slowly, stream, left - 1)

    def _stream_paced(self, stream: Stream, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread and past the loop, whose clock ticks in milliseconds."""
        with socket.socket(fileno=os.dup(self._transport.get_extra_info("socket").fileno())) as direct:
            began = time.monotonic()
            for number in range(1, stream.count + 1):
                time.sleep(max(0.0, began + number * stream.pace - time.monotonic()))
                direct.sendall(_framed(answers.event(stream.kind, time.monotonic()), stream))
            direct.sendall(_framed(answers.ending(stream.kind), stream))
        loop.call_soon_threadsafe(self._end_stream, stream)

    def _end_stream(self, stream: Stream) -> None:
        if not stream.chunked:
            self._transport.close()
        elif not self._transport.is_closing():  # rivals leave after `[DONE]`
            self._transport.write(b"0\r\n\r\n")


def _framed(content: bytes, stream: Stream) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content) if stream.chunked else content


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
