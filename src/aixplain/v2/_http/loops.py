"""The transport on asyncio: connections for each loop, and the end of them with it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from aixplain.v2._clock import AsyncClock
from aixplain.v2._flow import Body, Request, Response, TransportFailure, TransportTimeout
from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer, RejectedAnswer
from aixplain.v2._http.loop_connecting import connect
from aixplain.v2._http.loop_connections import Alarm, Connection
from aixplain.v2._http.options import KEEP_IDLE, MAX_IDLE, PIECE, Options, connection_limit
from aixplain.v2._http.routes import Route, Routes, tunnel_request
from aixplain.v2._http.wires import check_tunnel

if TYPE_CHECKING:
    import ssl

#: Seconds that no request lasts: loops refuse times that are much longer.
_FOR_EVER = 1e6
#: Seconds between two looks whether the process can open files again.
RETRY_SECONDS = 0.25


class _Pool:
    """The connections of one loop. They are closed with it: an asyncio loop ends its generators before it closes.

    A pool without connections doesn't refer to its loop, so that the loop is freed when it has ended.
    """

    def __init__(self, options: Options) -> None:
        self.alarm = Alarm()
        self._options = options
        self._buffer = memoryview(bytearray(PIECE))
        self._idle: dict[Route, deque[Connection]] = {}
        self.busy: set[Connection] = set()
        self._free = connection_limit(options)
        """How many connections may still be made."""
        self._waiters: deque[tuple[Route, asyncio.Future[Connection | None]]] = deque()
        """Requests that wait for a connection, or for leave to make one: whoever waited longest is served first."""
        self.is_ending = False
        """The loop ends: what is still asked is answered, and no connection is kept."""
        self._sweeper: asyncio.TimerHandle | None = None
        """Rings while there are idle connections."""
        self._keeper: AsyncGenerator[None, None] | None = self._end_with_the_loop()

    def new_connection(self, route: Route) -> Connection:
        """One that reads into the buffer of all: each takes what it got before another one reads."""
        buffer = memoryview(bytearray(PIECE)) if sys.platform == "win32" else self._buffer
        return Connection(route, self._options, buffer, self.alarm, self._lost)

    async def watch(self) -> None:
        """Be told when the loop ends."""
        if self._keeper is not None:
            await anext(self._keeper)

    async def _end_with_the_loop(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.is_ending, self._keeper = True, None
            self.close_idle()
            for connection in [each for each in self.busy if not each.is_awaited]:
                connection.close()
            self.alarm.stop()

    def close(self) -> None:
        """Close all connections, also under those who wait for them."""
        self.close_idle()
        for connection in list(self.busy):
            connection.close()
        while self._waiters:
            self._serve(None)

    def abandon(self) -> None:
        """Close the sockets of a loop that was closed without its end being told."""
        self._waiters.clear()  # their tasks ended with the loop, which takes no callbacks any more
        self.close()
        self.alarm.stop()
        self._keeper = None

    # --- Connections, and leave to make them --------------------------------------------------------

    def take_idle(self, route: Route) -> Connection | None:
        """A connection that is kept, and still of use."""
        idle = self._idle.get(route)
        while idle:
            connection = idle.pop()
            if connection.is_usable():
                return connection
            self.discard(connection)
        return None

    async def take_slot(self, route: Route, until: float) -> Connection | None:
        """Leave to make a connection; or one that came free meanwhile. Raises `TransportTimeout`."""
        if self._free > 0 or self.close_idle():
            self._free -= 1
            return None
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiters.append((route, waiter))
        try:
            async with asyncio.timeout_at(until):
                return await waiter
        except BaseException as error:
            self._leave(route, waiter)
            if isinstance(error, TimeoutError):
                raise failures.no_free_connection(route) from error
            raise

    def _leave(self, route: Route, waiter: asyncio.Future[Connection | None]) -> None:
        """Leave the queue, and pass on what came too late."""
        if not waiter.done() or waiter.cancelled():
            with contextlib.suppress(ValueError):
                self._waiters.remove((route, waiter))
        elif (connection := waiter.result()) is None:
            self.give_back_slot()
        else:
            self.give_back(connection)

    def give_back(self, connection: Connection) -> None:
        """A connection has served, and may serve again."""
        if self.is_ending or not connection.answers.leaves_connection_usable or not connection.is_sent():
            self.discard(connection)
        elif self._waiters:
            self._hand_over(connection)
        else:
            connection.idle_since = time.monotonic()
            idle = self._idle.get(connection.route)
            if idle is None:
                idle = self._idle[connection.route] = deque()
            idle.append(connection)
            if len(idle) > MAX_IDLE:
                self.discard(idle.popleft())
            if self._sweeper is None:
                self._sweeper = connection.loop.call_later(KEEP_IDLE, self._sweep, connection.loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close idle connections that are too old to be used: each is an open file."""
        self._sweeper = None
        oldest = time.monotonic() - KEEP_IDLE
        for idle in list(self._idle.values()):
            while idle and idle[0].idle_since <= oldest:
                self.discard(idle.popleft())
        if any(self._idle.values()):
            self._sweeper = loop.call_later(KEEP_IDLE / 4, self._sweep, loop)

    def _lost(self, connection: Connection) -> None:
        """The service closed an idle connection, which leaves the pool."""
        idle = self._idle.get(connection.route, ())
        if connection in idle:
            self._idle[connection.route].remove(connection)
            self.give_back_slot()

    def _hand_over(self, connection: Connection) -> None:
        if self._waiters[0][0] is connection.route:
            self._serve(connection)
        else:
            self.discard(connection)

    def discard(self, connection: Connection) -> None:
        """A connection is of no use any more."""
        connection.close()
        self.give_back_slot()

    def give_back_slot(self) -> None:
        """A connection was closed, or not made."""
        self._free += 1
        if self._waiters:
            self._free -= 1
            self._serve(None)

    def _serve(self, connection: Connection | None) -> None:
        """Give a connection, or a slot, to whoever waited longest."""
        while self._waiters:
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._free += 1
        else:
            self.give_back(connection)

    def close_idle(self) -> bool:
        """Close all that are idle; True when there were some."""
        closed = False
        for idle in list(self._idle.values()):
            while idle:
                self.discard(idle.popleft())
                closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        return closed


class AsyncSocketTransport(AsyncClock):
    """Sends requests and keeps connections for the next ones, on any number of loops at once."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - a tuple
        self._options = options
        self._routes = Routes(direct=options.direct)
        self._context: ssl.SSLContext | None = None
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = weakref.WeakKeyDictionary()
        self._closed = False

    async def request(self, request: Request) -> Response:
        connection, pool = await self._ask(request, self._options.max_response_bytes)
        answers = connection.answers
        try:
            content = answers.take()
        except RejectedAnswer as error:  # its content can't be decoded to its end
            pool.busy.discard(connection)
            pool.alarm.drop(connection)
            pool.discard(connection)
            raise failures.rejected(connection.route, error) from error
        self._give_back(connection, pool)
        return Response(answers.status, answers.headers, content)

    async def stream(self, request: Request) -> AsyncSocketStream | Response:
        connection, pool = await self._ask(request, None)
        stream = AsyncSocketStream(connection, lambda: self._give_back(connection, pool))
        if connection.answers.status < 300:
            return stream
        connection.answers.limit_to(self._options.max_response_bytes)
        pieces = []
        try:
            while (piece := await stream.read()) is not None:
                pieces.append(piece)
        finally:
            await stream.close()
        return Response(connection.answers.status, stream.headers, b"".join(pieces))

    async def close(self) -> None:
        """Close all connections; a request that is under way ends with `TransportClosed`."""
        self._closed = True
        here = asyncio.get_running_loop()
        for loop, pool in list(self._pools.items()):
            if loop is here:
                pool.close()
            elif loop.is_closed():
                pool.abandon()
            else:
                loop.call_soon_threadsafe(pool.close)
        await asyncio.sleep(0)  # the loop closes sockets in its next round

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._options,)  # a copy has connections of its own

    async def _ask(self, request: Request, limit: int | None) -> tuple[Connection, _Pool]:
        """Send a request and wait: for its whole response, of at most `limit` bytes; for the head alone, without a limit."""
        loop = asyncio.get_running_loop()
        timeout = request.timeout
        until = loop.time() + (timeout if timeout is not None and timeout < _FOR_EVER else _FOR_EVER)
        target = self._routes.target(request.url)
        pool = self._pools.get(loop) or await self._open_pool(loop)
        connection = pool.take_idle(target.route) or await self._new_connection(pool, target.route, until)
        connection.until = until
        pool.busy.add(connection)
        try:
            if self._closed:
                raise failures.closed(target.route)
            connection.ask(request, target, limit)
            if request.content is not None and not isinstance(request.content, bytes):
                await self._send_pieces(connection, request.content)
            await connection.wait_for(connection.has_head if limit is None else connection.is_whole)
        except BaseException:  # a cancellation too leaves the connection in the middle of an answer
            pool.busy.discard(connection)
            pool.alarm.drop(connection)
            pool.discard(connection)
            raise
        return connection, pool

    async def _send_pieces(self, connection: Connection, content: Body) -> None:
        """Send a body that is read meanwhile; its source may hang, too."""
        try:
            async with asyncio.timeout_at(connection.until):
                await connection.send_pieces(content)
        except TimeoutError as error:
            if asyncio.get_running_loop().time() < connection.until:
                raise  # of the source
            raise failures.late(connection.route) from error

    async def _open_pool(self, loop: asyncio.AbstractEventLoop) -> _Pool:
        for other, pool in list(self._pools.items()):
            if other.is_closed():  # and was not shut down before, so that nobody told the pool
                pool.abandon()
        pool = self._pools[loop] = _Pool(self._options)
        await pool.watch()
        return pool

    def _give_back(self, connection: Connection, pool: _Pool) -> None:
        pool.busy.discard(connection)
        pool.alarm.drop(connection)
        if self._closed:
            pool.discard(connection)
        else:
            pool.give_back(connection)

    async def _new_connection(self, pool: _Pool, route: Route, until: float) -> Connection:
        """A new connection, or the next free one where there may be no more."""
        free = await pool.take_slot(route, until)
        if free is not None:
            return free
        try:
            return await self._connect_with_files(pool, route, until)
        except BaseException:
            pool.give_back_slot()
            raise

    async def _connect_with_files(self, pool: _Pool, route: Route, until: float) -> Connection:
        """A new connection, as soon as the process can open a file for it."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await self._connect(pool, route, until)
            except OSError as error:  # the process has no more files
                if pool.close_idle():
                    await asyncio.sleep(0)  # the loop closes sockets in its next round
                    continue
                if not pool.busy or loop.time() + RETRY_SECONDS >= until:
                    raise failures.out_of_files(route) from error
                await asyncio.sleep(RETRY_SECONDS)

    async def _connect(self, pool: _Pool, route: Route, until: float) -> Connection:
        """A new connection. Raises `TransportFailure`, and `OSError` when no more files can be opened."""
        loop = asyncio.get_running_loop()
        seconds = self._options.connect_timeout
        limit = until if seconds is None else min(until, loop.time() + seconds)
        try:
            async with asyncio.timeout_at(limit):
                return await self._connected(loop, pool, route, limit)
        except TimeoutError as error:
            if loop.time() >= until:
                raise failures.late(route) from error
            raise failures.not_connected_in_time(route, seconds) from error
        except (OSError, BrokenAnswer) as error:
            if failures.is_out_of_files(error):
                raise
            raise failures.unreachable(route, error) from error

    async def _connected(self, loop: asyncio.AbstractEventLoop, pool: _Pool, route: Route, limit: float) -> Connection:
        tls: ssl.SSLContext | None = None
        if route.secure:
            tls = self._context = self._context or _new_context()
        name = route.place.host if tls is not None and not route.tunnels else None
        plain = await connect(route.first)
        try:
            transport, connection = await loop.create_connection(
                lambda: pool.new_connection(route), sock=plain, ssl=None if route.tunnels else tls, server_hostname=name
            )
        except BaseException:
            plain.close()
            raise
        try:
            connection.own(plain)
            if route.tunnels:
                await self._open_tunnel(connection, limit)
                secure = await loop.start_tls(transport, connection, tls, server_hostname=route.place.host)  # type: ignore[arg-type]
                connection.connection_made(cast(asyncio.BaseTransport, secure))
        except BaseException:
            transport.abort()
            raise
        return connection

    async def _open_tunnel(self, connection: Connection, limit: float) -> None:
        connection.until = limit
        connection.answers.begin("CONNECT")
        connection._transport.write(tunnel_request(connection.route))
        try:
            await connection.wait_for(connection.has_head)
        except TransportTimeout as error:
            raise TimeoutError from error
        except TransportFailure as error:
            raise BrokenAnswer("the proxy closed the connection instead of opening a tunnel") from error
        check_tunnel(connection.answers)
        connection.answers = Answers()


def _new_context() -> ssl.SSLContext:
    from aixplain.v2._http.secure import new_context  # slow to import, and not needed on loopback

    return new_context()


class AsyncSocketStream:
    """The open body of an answer."""

    def __init__(self, connection: Connection, give_back: Callable[[], None]) -> None:
        self.headers: Mapping[str, str] = connection.answers.headers
        self._connection: Connection | None = connection
        self._give_back = give_back

    async def read(self) -> bytes | None:
        if self._connection is None:
            return None
        try:
            return await self._connection.read()
        except asyncio.CancelledError:
            raise  # a read takes nothing before it returns, so that whoever was canceled may read on
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back()

    def __del__(self) -> None:
        if self._connection is not None and not self._connection.loop.is_closed():
            self._connection.loop.call_soon_threadsafe(self._give_back)  # of a stream that nobody closed
