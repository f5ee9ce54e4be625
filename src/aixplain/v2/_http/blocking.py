"""The blocking transport: each request in its caller's own thread, so that Ctrl-C is heard and nothing runs beside."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aixplain.v2._clock import Clock
from aixplain.v2._flow import Request, Response, TransportFailure
from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer
from aixplain.v2._http.options import KEEP_IDLE, Options
from aixplain.v2._http.requests import head_of
from aixplain.v2._http.routes import Route, Routes, Target
from aixplain.v2._http.wires import Wire, connect

if TYPE_CHECKING:
    import ssl

_FOR_EVER = 1e9


class Connection:
    """One connection, for one request at a time."""

    __slots__ = ("__weakref__", "_closed", "_options", "_wire", "answers", "idle_since", "route", "until")

    def __init__(self, wire: Wire, route: Route, options: Options, until: float) -> None:
        self._wire = wire
        self._closed = False
        self._options = options
        self.answers = Answers()
        self.idle_since = 0.0
        self.route = route
        self.until = until
        """When the request that it serves must be over."""

    def ask(self, request: Request, target: Target) -> None:
        """Send a request, and read until the head of its answer is here. Raises `TransportFailure`."""
        self.answers.begin(request.method)
        try:
            self._send(request, target)
        except (BrokenPipeError, ConnectionResetError) as error:
            self._read_refusal(error)
        except OSError as error:
            raise self._broken(error) from error
        while not self.answers.status:
            self.read()

    def read(self) -> None:
        """Read more of the answer. Raises `TransportFailure`."""
        try:
            if data := self._receive():
                self.answers.feed(data)
            else:
                self.answers.end()
        except (OSError, BrokenAnswer) as error:
            raise self._broken(error) from error

    def is_usable(self) -> bool:
        """Whether it is young enough, and the service has not closed it."""
        return time.monotonic() - self.idle_since < KEEP_IDLE and not self._wire.has_news()

    def close(self) -> None:
        """Close it. Safe to call twice."""
        self._closed = True
        self._wire.socket.close()

    def abort(self) -> None:
        """Close it under a thread that waits for it."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._wire.socket.shutdown(socket.SHUT_RDWR)

    def _send(self, request: Request, target: Target) -> None:
        head, content = head_of(request, target), request.content
        if content is None or isinstance(content, bytes):
            self._send_all(head + content if content else head)
            return
        self._send_all(head)
        for piece in content:
            self._send_all(piece)

    def _send_all(self, data: bytes) -> None:
        sent = self._wire.send(data, self._patience())
        while sent < len(data):
            sent += self._wire.send(memoryview(data)[sent:], self._patience())

    def _read_refusal(self, error: OSError) -> None:
        """The service stopped reading, and may have said why before it did."""
        try:
            while not self.answers.status:
                self.read()
        except TransportFailure:
            raise self._broken(error) from error

    def _receive(self) -> bytes:
        silence = self._options.read_timeout
        if silence is None:
            while (data := self._wire.receive(self._patience())) is None:
                pass
            return data
        until = time.monotonic() + silence
        while (data := self._wire.receive(min(self._patience(), until - time.monotonic()))) is None:
            if time.monotonic() >= until:
                self._patience()  # raises when the whole time is up too
                raise failures.silent(self.route, self._options)
        return data

    def _patience(self) -> float:
        """Seconds that are left. Raises `TransportTimeout` when none are."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise failures.closed(self.route) if self._closed else failures.late(self.route)
        return left

    def _broken(self, error: OSError | BrokenAnswer) -> TransportFailure:
        return failures.closed(self.route) if self._closed else failures.broken(self.route, error)


class SocketTransport(Clock):
    """Sends requests and keeps connections for the next ones. Thread-safe. It belongs to the process that made it."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - a tuple
        self._options = options
        self._routes = Routes(direct=options.direct)
        self._idle: dict[Route, list[Connection]] = {}
        self._busy: set[Connection] = set()
        self._context: ssl.SSLContext | None = None
        self._closed = False

    def request(self, request: Request) -> Response:
        connection = self._ask(request)
        answers = connection.answers
        try:
            while not answers.is_whole:
                connection.read()
        except BaseException:  # a Ctrl-C too leaves the connection in the middle of an answer
            self.drop(connection)
            raise
        content = answers.take()
        self.give_back(connection)
        return Response(answers.status, answers.headers, content)

    def stream(self, request: Request) -> SocketStream | Response:
        connection = self._ask(request)
        stream = SocketStream(self, connection)
        if connection.answers.status < 300:
            return stream
        with contextlib.closing(stream):
            content = b"".join(iter(stream.read, None))
            return Response(connection.answers.status, stream.headers, content)

    def apart(self) -> SocketTransport:
        """One like this with connections of its own, which can be closed without harm to other calls."""
        return SocketTransport(self._options)

    def close(self) -> None:
        """Close all connections; a request that is under way in another thread ends with `TransportClosed`."""
        self._closed = True
        for connections in list(self._idle.values()):
            while connections:
                connections.pop().close()
        for connection in list(self._busy):
            connection.abort()

    def give_back(self, connection: Connection) -> None:
        """The connection may serve again, if its answer left it usable."""
        self._busy.discard(connection)
        if self._closed or not connection.answers.leaves_connection_usable:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault(connection.route, []).append(connection)

    def drop(self, connection: Connection) -> None:
        """The connection is of no use any more."""
        self._busy.discard(connection)
        connection.close()

    def _ask(self, request: Request) -> Connection:
        until = time.monotonic() + (_FOR_EVER if request.timeout is None else request.timeout)
        target = self._routes.target(request.url)
        connection = self._take(target.route, until)
        try:
            connection.ask(request, target)
        except BaseException:
            self.drop(connection)
            raise
        return connection

    def _take(self, route: Route, until: float) -> Connection:
        connection = self._idle_one(route) or self._connect(route, until)
        connection.until = until
        self._busy.add(connection)
        if self._closed:
            self.drop(connection)
            raise failures.closed(route)
        return connection

    def _connect(self, route: Route, until: float) -> Connection:
        wire = connect(route, self._options, until, self._secure)
        connection = Connection(wire, route, self._options, until)
        weakref.finalize(connection, wire.socket.close)  # of a client that nobody closes: without a warning
        return connection

    def _secure(self) -> ssl.SSLContext:
        if self._context is None:
            from aixplain.v2._http.secure import new_context  # slow to import, and not needed on loopback

            self._context = new_context()
        return self._context

    def _idle_one(self, route: Route) -> Connection | None:
        idle = self._idle.get(route)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread took it
                return None
            if connection.is_usable():
                return connection
            connection.close()
        return None


class SocketStream:
    """The open body of an answer."""

    def __init__(self, transport: SocketTransport, connection: Connection) -> None:
        self.headers: Mapping[str, str] = connection.answers.headers
        self._transport = transport
        self._connection: Connection | None = connection
        self._process = os.getpid()

    def read(self) -> bytes | None:
        connection = self._connection
        if connection is None:
            return None
        if self._process != os.getpid():
            raise failures.inherited()
        answers = connection.answers
        while not answers.pieces:
            if answers.is_whole:
                return None
            try:
                connection.read()
            except BaseException:
                self.close()
                raise
        return answers.take()

    def drain(self, seconds: float) -> None:
        """Read the rest, if it comes in this time. Raises `TransportFailure`."""
        if self._connection is not None:
            self._connection.until = min(self._connection.until, time.monotonic() + seconds)
        while self.read() is not None:
            pass

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._process != os.getpid():
            connection.close()  # this process's end of it alone
        elif connection.answers.is_whole:
            self._transport.give_back(connection)
        else:
            self._transport.drop(connection)

    def __del__(self) -> None:
        self.close()  # of a stream that nobody closed
