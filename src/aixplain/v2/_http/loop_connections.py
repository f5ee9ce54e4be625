"""A connection on asyncio: a protocol of the loop, which hears of bytes as they arrive; and the timer of all of them."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import Callable
from typing import cast

from aixplain.v2._flow import Body, Request, TransportFailure
from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer, RejectedAnswer
from aixplain.v2._http.options import KEEP_IDLE, PIECE, Options
from aixplain.v2._http.requests import head_of
from aixplain.v2._http.routes import Route, Target
from aixplain.v2._http.wires import readiness

#: Bytes of a stream that wait for their reader before the service is told to wait.
MAX_BACKLOG = 1024 * 1024
#: Seconds that the loop's clock may be behind when a timer rings.
RESOLUTION = 0.001


class Connection(asyncio.BufferedProtocol):
    """One connection, for one request at a time."""

    def __init__(
        self, route: Route, options: Options, buffer: memoryview, alarm: Alarm, on_lost: Callable[[Connection], None]
    ) -> None:
        self._on_lost = on_lost
        self.answers = Answers()
        self._buffer = buffer
        self._alarm = alarm
        self._due = 0.0
        """When whoever waits has waited long enough, on the loop's clock."""
        self.route = route
        self.idle_since = 0.0
        self.until = 0.0
        """When the request that it serves must be over, on the loop's clock."""
        self.loop = asyncio.get_running_loop()
        self._options = options
        self._failure: TransportFailure | None = None
        self._is_over = False
        self._closed_by_us = False
        self._waiter: asyncio.Future[None] | None = None
        self._awaited: Callable[[], bool] = self.has_head
        self._may_write: asyncio.Future[None] | None = None
        self._is_paused = False
        self._backlog = self._counted = 0
        self._socket: socket.socket | None = None
        self._has_news: Callable[[float], bool] = _never
        """Whether the socket can be read now, whatever the loop has heard of it."""

    # --- Called by the loop -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def own(self, connected: socket.socket) -> None:
        """Take the socket under it, which is looked at, and closed when the loop can't do it any more."""
        self._socket = connected
        self._has_news = readiness(connected)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self.answers.feed(self._buffer[:nbytes])
        except BrokenAnswer as error:
            self._fail(error)
            return
        if self._may_write is not None and self.answers.status and not self._may_write.done():
            self._may_write.set_result(None)  # the service has answered, and may read no more of the request
        if self._waiter is not None:  # whoever waits for more is given all there is
            if self._awaited() or self._options.read_timeout is not None:
                self._wake()
        elif not self._is_paused and self._is_behind():
            self._is_paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self.idle_since:
            self._read_rest()
        self._is_over = True
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        try:
            if self.answers.status or not self.idle_since:
                self.answers.end()
        except BrokenAnswer as cut:
            self._fail(cut if exc is None else exc)
        self._wake()
        if self.idle_since:
            self._on_lost(self)

    def _read_rest(self) -> None:
        """Read the response of a service that closed the connection while the request was being sent: it may say why."""
        if self._socket is None or self.route.secure or self.answers.is_whole or self._closed_by_us:
            return
        try:
            while data := self._socket.recv(PIECE):
                self.answers.feed(data)
        except (OSError, BrokenAnswer):
            """What came until then is all there is."""

    def pause_writing(self) -> None:
        self._may_write = self.loop.create_future()

    def resume_writing(self) -> None:
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None

    # --- Called by the transport --------------------------------------------------------------------

    def ask(self, request: Request, target: Target, limit: int | None) -> None:
        """Send a request, but for a body in pieces, which `send_pieces` sends. Raises `TransportFailure`.

        The body of the response has at most `limit` bytes.
        """
        self.idle_since = 0.0
        self.answers.begin(request.method, limit)
        head, content = head_of(request, target), request.content
        self._transport.write(head + content if isinstance(content, bytes) else head)

    async def wait_for(self, awaited: Callable[[], bool]) -> None:
        """Wait until this is true of the answer. Raises `TransportFailure`."""
        self._awaited = awaited
        while not awaited():
            if self._failure is not None:
                raise self._failure
            self._resume_reading()
            self._waiter = self.loop.create_future()
            self._set_alarm()
            try:
                await self._waiter
            finally:
                self._waiter = None

    async def read(self) -> bytes | None:
        """More of the content; None at its end."""
        await self.wait_for(self._has_content)
        self._backlog = self._counted = 0
        if not self.answers.pieces:
            return None
        try:
            content = self.answers.take()
        except RejectedAnswer as error:  # its content can't be decoded any further
            self.answers.discard_connection()
            raise failures.rejected(self.route, error) from error
        if not self.answers.pieces:  # else there is more to decode
            self._resume_reading()
        return content

    def _resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for what comes."""
        return self._waiter is not None

    def is_usable(self) -> bool:
        """Whether it is young enough, the service has not closed it, and nothing came that nobody asked for.

        The loop hears of what came when it has time, so the socket itself is asked too.
        """
        return (
            not self._is_over
            and self._failure is None
            and self.answers.leaves_connection_usable
            and not self._transport.is_closing()
            and time.monotonic() - self.idle_since < KEEP_IDLE
            and not self._has_news(0)
        )

    def is_sent(self) -> bool:
        """The whole request has left."""
        return not self._transport.get_write_buffer_size()

    def close(self) -> None:
        """Close it; whoever waits for it is told. Safe to call twice."""
        self._closed_by_us = True
        if self.loop.is_closed():
            if self._socket is not None:
                self._socket.close()
            return
        self._transport.abort()
        self._wake()

    def is_whole(self) -> bool:
        """The whole answer is here."""
        return self.answers.is_whole

    def has_head(self) -> bool:
        """The head of the answer is here."""
        return self.answers.status > 0

    def _has_content(self) -> bool:
        return bool(self.answers.pieces) or self.answers.is_whole

    async def send_pieces(self, content: Body) -> None:
        """The body of a request, until the service has had enough of it. Raises `TransportFailure`."""
        pieces = iter(content)
        while piece := await asyncio.to_thread(next, pieces, b""):  # a disk may be slow, and would stall the loop
            if self._failure is not None or self.answers.status or self._is_over:
                self.answers.discard_connection()  # the service has answered, and wants no more of the request
                return
            self._transport.write(piece)
            if self._may_write is not None:
                self._set_alarm()
                await self._may_write

    def _set_alarm(self) -> None:
        """Nobody waits past the deadline, nor longer than silence is borne."""
        silence = self._options.read_timeout
        self._due = self.until if silence is None else min(self.until, self.loop.time() + silence)
        self._alarm.set_for(self, self._due)

    def ring(self, now: float) -> float | None:
        """The time that somebody waits until; None when nobody does, or not any more."""
        waiter = self._may_write if self._waiter is None else self._waiter
        if waiter is None or waiter.done():
            return None
        if self._due > now:
            return self._due
        is_late = self._options.read_timeout is None or self._due >= self.until
        waiter.set_exception(failures.late(self.route) if is_late else failures.silent(self.route, self._options))
        return None

    def _is_behind(self) -> bool:
        """Whether more content waits for its reader than should; counts what came since it was last asked."""
        pieces = self.answers.pieces
        self._backlog += sum(map(len, pieces[self._counted :]))
        self._counted = len(pieces)
        return self._counted > 1 and self._backlog > MAX_BACKLOG

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            if isinstance(error, RejectedAnswer):
                failure: TransportFailure = failures.rejected(self.route, error)
            else:
                failure = failures.closed(self.route) if self._closed_by_us else failures.broken(self.route, error)
            failure.__cause__ = error
            self._failure = failure
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _never(seconds: float) -> bool:
    return False


class Alarm:
    """One timer of the loop for all connections: most waits end long before their time, and a timer each costs them 5 µs.

    It doesn't refer to the loop while nobody waits, so that a loop that has ended is freed.
    """

    def __init__(self) -> None:
        self._set: set[Connection] = set()
        self._at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set_for(self, connection: Connection, when: float) -> None:
        """Ring this connection at this time, unless it waits for something later by then."""
        self._set.add(connection)
        if when < self._at:
            if self._timer is not None:
                self._timer.cancel()
            self._at = when
            self._timer = connection.loop.call_at(when, self._ring, connection.loop)

    def drop(self, connection: Connection) -> None:
        """The connection waits for nothing any more."""
        self._set.discard(connection)

    def stop(self) -> None:
        """Let go of the loop."""
        if self._timer is not None:
            self._timer.cancel()
        self._at, self._timer = math.inf, None

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._at, self._timer = math.inf, None
        now = loop.time() + RESOLUTION
        for connection in list(self._set):
            when = connection.ring(now)
            if when is None:
                self._set.discard(connection)
            elif when < self._at:
                self.set_for(connection, when)
