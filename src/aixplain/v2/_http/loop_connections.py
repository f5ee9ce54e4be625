"""A connection on asyncio: a protocol of the loop, which hears of bytes as they arrive; and the timer of all of them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import cast

from aixplain.v2._flow import Body, Request, TransportFailure
from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer
from aixplain.v2._http.options import KEEP_IDLE, Options
from aixplain.v2._http.requests import head_of
from aixplain.v2._http.routes import Route, Target

#: Bytes of a stream that wait for their reader before the service is told to wait.
LARGEST_BACKLOG = 1024 * 1024
#: Seconds that the loop's clock may be behind when a timer rings.
RESOLUTION = 0.001


class Connection(asyncio.BufferedProtocol):
    """One connection, for one request at a time."""

    def __init__(self, route: Route, options: Options, buffer: memoryview, alarm: Alarm) -> None:
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

    # --- Called by the loop -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self.answers.feed(self._buffer[:nbytes])
        except BrokenAnswer as error:
            self._fail(error)
            return
        if self._waiter is not None and (self._awaited() or self._options.read_timeout is not None):
            self._wake()
        elif len(self.answers.pieces) > 1 and self._backlog() > LARGEST_BACKLOG and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        try:
            if self.answers.status or not self.idle_since:
                self.answers.end()
        except BrokenAnswer as cut:
            self._fail(cut if exc is None else exc)
        self._wake()

    def pause_writing(self) -> None:
        self._may_write = self.loop.create_future()

    def resume_writing(self) -> None:
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None

    # --- Called by the transport --------------------------------------------------------------------

    def ask(self, request: Request, target: Target) -> None:
        """Send a request, but for a body in pieces, which `send_pieces` sends. Raises `TransportFailure`."""
        self.idle_since = 0.0
        self.answers.begin(request.method)
        head, content = head_of(request, target), request.content
        self._transport.write(head + content if isinstance(content, bytes) else head)

    async def wait_for(self, awaited: Callable[[], bool]) -> None:
        """Wait until this is true of the answer. Raises `TransportFailure`."""
        self._awaited = awaited
        while not awaited():
            if self._failure is not None:
                raise self._failure
            self._waiter = self.loop.create_future()
            self._set_alarm()
            try:
                await self._waiter
            finally:
                self._waiter = None

    async def read(self) -> bytes | None:
        """More of the content; None at its end."""
        await self.wait_for(self._has_news)
        if not self.answers.pieces:
            return None
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        return self.answers.take()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for what comes."""
        return self._waiter is not None

    def is_usable(self) -> bool:
        """Whether it is young enough, and the service has not closed it."""
        return not self._is_over and not self._transport.is_closing() and time.monotonic() - self.idle_since < KEEP_IDLE

    def close(self) -> None:
        """Close it; whoever waits for it is told. Safe to call twice."""
        self._closed_by_us = True
        self._transport.abort()
        self._wake()

    def is_whole(self) -> bool:
        """The whole answer is here."""
        return self.answers.is_whole

    def has_head(self) -> bool:
        """The head of the answer is here."""
        return self.answers.status > 0

    def _has_news(self) -> bool:
        return bool(self.answers.pieces) or self.answers.is_whole

    async def send_pieces(self, content: Body) -> None:
        """The body of a request, until the service has had enough of it. Raises `TransportFailure`."""
        pieces = iter(content)
        while piece := await asyncio.to_thread(next, pieces, b""):  # a disk may be slow, and would stall the loop
            if self._failure is not None or self.answers.status or self._is_over:
                return  # the service has said what it thinks of the request
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

    def _backlog(self) -> int:
        return sum(map(len, self.answers.pieces))

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            failure = failures.closed(self.route) if self._closed_by_us else failures.broken(self.route, error)
            failure.__cause__ = error
            self._failure = failure
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Alarm:
    """One timer of the loop for all connections: most waits end long before their time, and a timer each costs them 5 µs."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
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
            self._timer = self._loop.call_at(when, self._ring)

    def drop(self, connection: Connection) -> None:
        """The connection waits for nothing any more."""
        self._set.discard(connection)

    def _ring(self) -> None:
        self._at, self._timer = math.inf, None
        now = self._loop.time() + RESOLUTION
        for connection in list(self._set):
            when = connection.ring(now)
            if when is None:
                self._set.discard(connection)
            elif when < self._at:
                self.set_for(connection, when)
