"""The blocking transport: each request in its caller's own thread, so that Ctrl-C is heard and nothing runs beside."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import weakref
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aixplain.v2._clock import Clock
from aixplain.v2._flow import Request, Response, TransportFailure
from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer, RejectedAnswer
from aixplain.v2._http.options import KEEP_IDLE, MAX_IDLE, Options, connection_limit
from aixplain.v2._http.requests import head_of
from aixplain.v2._http.routes import Route, Routes, Target
from aixplain.v2._http.slots import Slots, Waiter
from aixplain.v2._http.wires import Wire, connect

if TYPE_CHECKING:
    import ssl

#: Seconds that no request lasts: `poll` refuses times that are much longer.
_FOR_EVER = 1e6
#: Seconds between two looks whether the process can open files again.
RETRY_SECONDS = 0.25


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

    def ask(self, request: Request, target: Target, limit: int | None) -> None:
        """Send a request, and read until the head of its response is here, whose body has at most `limit` bytes.

        Raises `TransportFailure`.
        """
        self.answers.begin(request.method, limit)
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
        except RejectedAnswer as error:
            raise failures.rejected(self.route, error) from error
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
            if self._wire.has_news():
                self._read_early()
            if not self._send_all(piece):
                return

    def _send_all(self, data: bytes) -> bool:
        """Send these bytes; False when the service has answered before it had them all, and wants no more."""
        sent = 0 if self.answers.status else self._wire.send(data)
        while sent < len(data):
            if not self.answers.status and self._wire.wait_to_send(self._patience()):
                self._read_early()
            if self.answers.status:
                self.answers.discard_connection()
                return False
            sent += self._wire.send(memoryview(data)[sent:])
        return True

    def _read_early(self) -> None:
        """Read what came while the request is being sent, without waiting: under TLS it need not be of a response."""
        try:
            data = self._wire.receive(0)
            if data is not None:
                self.answers.feed(data) if data else self.answers.end()
        except (ConnectionResetError, BrokenPipeError):
            raise
        except (OSError, BrokenAnswer) as error:
            raise self._broken(error) from error

    def _read_refusal(self, error: OSError) -> None:
        """The service stopped reading, and may have said why before it did."""
        self.answers.discard_connection()
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
        self._idle: dict[Route, deque[Connection]] = {}
        self._busy: set[Connection] = set()
        self._slots = Slots(connection_limit(options))
        self._context: ssl.SSLContext | None = None
        self._closed = False

    def request(self, request: Request) -> Response:
        connection = self._ask(request, self._options.max_response_bytes)
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
        connection = self._ask(request, None)
        stream = SocketStream(self, connection)
        if connection.answers.status < 300:
            return stream
        connection.answers.limit_to(self._options.max_response_bytes)
        with contextlib.closing(stream):
            content = b"".join(iter(stream.read, None))
            return Response(connection.answers.status, stream.headers, content)

    def apart(self) -> SocketTransport:
        """One like this with connections of its own, which can be closed without harm to other calls."""
        return SocketTransport(self._options)

    def close(self) -> None:
        """Close all connections; a request that is under way in another thread ends with `TransportClosed`."""
        self._closed = True
        self._close_idle()
        while waiter := self._slots.next_waiter():
            waiter.serve(None)
        for connection in list(self._busy):
            connection.abort()

    def give_back(self, connection: Connection) -> None:
        """The connection may serve again, if its answer left it usable."""
        self._busy.discard(connection)
        if self._closed or not connection.answers.leaves_connection_usable:
            self._close(connection)
            return
        now = connection.idle_since = time.monotonic()
        idle = self._idle.get(connection.route)
        if idle is None:
            idle = self._idle.setdefault(connection.route, deque())
        idle.append(connection)
        if self._slots.waiters:  # asked after it was put there: who comes into the queue looks there first
            self._hand_over(idle)
        elif idle[0].idle_since < now - KEEP_IDLE or len(idle) > MAX_IDLE:
            self._close_oldest(idle, now)

    def _hand_over(self, idle: deque[Connection]) -> None:
        """Give a free connection, or its slot, to the first in the queue."""
        try:
            connection = idle.pop()
        except IndexError:  # another thread took it
            return
        waiter = self._slots.next_waiter()
        if waiter is None:
            idle.append(connection)
        elif waiter.route is connection.route:
            waiter.serve(connection)
        else:
            connection.close()
            waiter.serve(None)

    def drop(self, connection: Connection) -> None:
        """The connection is of no use any more."""
        self._busy.discard(connection)
        connection.abort()  # another thread may be reading the stream that this one closes
        self._close(connection)

    def _close(self, connection: Connection) -> None:
        connection.close()
        self._slots.give_back()

    def _close_oldest(self, idle: deque[Connection], now: float) -> None:
        """Those that nobody took for a while are closed by the service soon, and each is an open file until then."""
        with contextlib.suppress(IndexError):  # another thread took the last one
            while idle[0].idle_since < now - KEEP_IDLE or len(idle) > MAX_IDLE:
                self._close(idle.popleft())

    def _close_idle(self) -> bool:
        """Close all that are idle; True when there were some."""
        closed = False
        for idle in list(self._idle.values()):
            with contextlib.suppress(IndexError):
                while True:
                    self._close(idle.popleft())
                    closed = True
        return closed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._options,)  # a copy has connections of its own

    def _ask(self, request: Request, limit: int | None) -> Connection:
        timeout = request.timeout
        until = time.monotonic() + (timeout if timeout is not None and timeout < _FOR_EVER else _FOR_EVER)
        target = self._routes.target(request.url)
        connection = self._take(target.route, until)
        try:
            connection.ask(request, target, limit)
        except BaseException:
            self.drop(connection)
            raise
        return connection

    def _take(self, route: Route, until: float) -> Connection:
        connection = self._idle_one(route) or self._new_one(route, until)
        connection.until = until
        self._busy.add(connection)
        if self._closed:
            self.drop(connection)
            raise failures.closed(route)
        return connection

    def _new_one(self, route: Route, until: float) -> Connection:
        """A new connection, or the next free one where there may be no more."""
        waiter = self._slots.take_or_queue(route)
        if waiter is None:
            return self._connect_in_slot(route, until)
        try:
            if connection := self._idle_one(route):  # came back before this one was in the queue
                self._leave(waiter)
                return connection
            self._close_idle()  # connections to other places
            if not waiter.wait(until - time.monotonic()):
                raise failures.no_free_connection(route)
        except BaseException:
            self._leave(waiter)
            raise
        return waiter.connection or self._connect_in_slot(route, until)

    def _leave(self, waiter: Waiter) -> None:
        """Leave the queue, and pass on what came too late."""
        if self._slots.leave(waiter):
            return
        waiter.wait(1)  # it is being served
        if waiter.connection is None:
            self._slots.give_back()
        else:
            self.give_back(waiter.connection)

    def _connect_in_slot(self, route: Route, until: float) -> Connection:
        while True:
            try:
                return self._connect(route, until)
            except OSError as error:  # the process has no more files
                if self._close_idle():
                    continue
                if not self._busy or time.monotonic() + RETRY_SECONDS >= until:
                    self._slots.give_back()
                    raise failures.out_of_files(route) from error
                time.sleep(RETRY_SECONDS)
            except BaseException:
                self._slots.give_back()
                raise

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
            self._close(connection)
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
        try:
            return answers.take()
        except RejectedAnswer as error:  # its content can't be decoded any further
            self._connection = None
            self._transport.drop(connection)
            raise failures.rejected(connection.route, error) from error

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
