"""The transport on asyncio: connections for each loop, and the end of them with it."""

from __future__ import annotations

import asyncio
import sys
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, cast

from aixplain.v2._clock import AsyncClock
from aixplain.v2._flow import Request, Response
from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer
from aixplain.v2._http.loop_connections import Alarm, Connection
from aixplain.v2._http.options import PIECE, Options
from aixplain.v2._http.pins import pinned
from aixplain.v2._http.routes import Route, Routes, tunnel_request

if TYPE_CHECKING:
    import ssl

_FOR_EVER = 1e9


class _Pool:
    """The connections of one loop. They are closed with it: an asyncio loop ends its generators before it closes."""

    def __init__(self) -> None:
        self.alarm = Alarm()
        self._buffer = memoryview(bytearray(PIECE))
        self.idle: dict[Route, list[Connection]] = {}
        self.busy: set[Connection] = set()
        self.is_ending = False
        """The loop ends: what is still asked is answered, and no connection is kept."""
        self._keeper = self._end_with_the_loop()

    def new_connection(self, route: Route, options: Options) -> Connection:
        """One that reads into the buffer of all: each takes what it got before another one reads."""
        buffer = memoryview(bytearray(PIECE)) if sys.platform == "win32" else self._buffer
        return Connection(route, options, buffer, self.alarm)

    async def watch(self) -> None:
        """Be told when the loop ends."""
        await anext(self._keeper)

    async def _end_with_the_loop(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.is_ending = True
            self._close_idle()
            for connection in [each for each in self.busy if not each.is_awaited]:
                connection.close()

    def close(self) -> None:
        """Close all connections, also under those who wait for them."""
        self._close_idle()
        for connection in list(self.busy):
            connection.close()

    def _close_idle(self) -> None:
        for connections in self.idle.values():
            while connections:
                connections.pop().close()


class AsyncSocketTransport(AsyncClock):
    """Sends requests and keeps connections for the next ones, on any number of loops at once."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - a tuple
        self._options = options
        self._routes = Routes(direct=options.direct)
        self._context: ssl.SSLContext | None = None
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = weakref.WeakKeyDictionary()
        self._closed = False

    async def request(self, request: Request) -> Response:
        connection, pool = await self._ask(request, whole=True)
        answers = connection.answers
        content = answers.take()
        self._give_back(connection, pool)
        return Response(answers.status, answers.headers, content)

    async def stream(self, request: Request) -> AsyncSocketStream | Response:
        connection, pool = await self._ask(request, whole=False)
        stream = AsyncSocketStream(connection, lambda: self._give_back(connection, pool))
        if connection.answers.status < 300:
            return stream
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
            elif not loop.is_closed():
                loop.call_soon_threadsafe(pool.close)
        await asyncio.sleep(0)  # the loop closes sockets in its next round

    async def _ask(self, request: Request, *, whole: bool) -> tuple[Connection, _Pool]:
        loop = asyncio.get_running_loop()
        until = loop.time() + (_FOR_EVER if request.timeout is None else request.timeout)
        target = self._routes.target(request.url)
        pool = self._pools.get(loop) or await self._open_pool(loop)
        connection = self._idle_one(pool, target.route) or await self._connect(pool, target.route, until)
        connection.until = until
        pool.busy.add(connection)
        try:
            if self._closed:
                raise failures.closed(target.route)
            connection.ask(request, target)
            if request.content is not None and not isinstance(request.content, bytes):
                await connection.send_pieces(request.content)
            await connection.wait_for(connection.is_whole if whole else connection.has_head)
        except BaseException:  # a cancellation too leaves the connection in the middle of an answer
            pool.busy.discard(connection)
            pool.alarm.drop(connection)
            connection.close()
            raise
        return connection, pool

    async def _open_pool(self, loop: asyncio.AbstractEventLoop) -> _Pool:
        pool = self._pools[loop] = _Pool()
        await pool.watch()
        return pool

    def _idle_one(self, pool: _Pool, route: Route) -> Connection | None:
        idle = pool.idle.get(route)
        while idle:
            connection = idle.pop()
            if connection.is_usable():
                return connection
            connection.close()
        return None

    def _give_back(self, connection: Connection, pool: _Pool) -> None:
        pool.busy.discard(connection)
        pool.alarm.drop(connection)
        if self._closed or pool.is_ending or not connection.answers.leaves_connection_usable:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        pool.idle.setdefault(connection.route, []).append(connection)

    async def _connect(self, pool: _Pool, route: Route, until: float) -> Connection:
        loop = asyncio.get_running_loop()
        limit = min(until, loop.time() + self._options.connect_timeout)
        try:
            async with asyncio.timeout_at(limit):
                return await self._connected(loop, pool, route)
        except TimeoutError as error:
            if loop.time() >= until:
                raise failures.late(route) from error
            raise failures.not_connected_in_time(route, self._options.connect_timeout) from error
        except (OSError, BrokenAnswer) as error:
            raise failures.unreachable(route, error) from error

    async def _connected(self, loop: asyncio.AbstractEventLoop, pool: _Pool, route: Route) -> Connection:
        place = route.first
        tls: ssl.SSLContext | None = None
        if route.secure:
            tls = self._context = self._context or _new_context()
        name = route.place.host if tls is not None and not route.tunnels else None
        *others, last = pinned(place.host) or (place.host,)

        async def connect(host: str) -> tuple[asyncio.Transport, Connection]:
            return await loop.create_connection(
                lambda: pool.new_connection(route, self._options),
                host,
                place.port,
                ssl=None if route.tunnels else tls,
                server_hostname=name,
            )

        for host in others:
            try:
                transport, connection = await connect(host)
                break
            except OSError:
                """The next one."""
        else:
            transport, connection = await connect(last)
        if route.tunnels:
            await self._open_tunnel(connection, limit=loop.time() + self._options.connect_timeout)
            secure = await loop.start_tls(transport, connection, tls, server_hostname=route.place.host)  # type: ignore[arg-type]
            connection.connection_made(cast(asyncio.BaseTransport, secure))
        return connection

    async def _open_tunnel(self, connection: Connection, limit: float) -> None:
        connection.until = limit
        connection.answers.begin("CONNECT")
        connection._transport.write(tunnel_request(connection.route))
        await connection.wait_for(connection.has_head)
        if connection.answers.status >= 300:
            raise BrokenAnswer(f"the proxy answered {connection.answers.status} to a request for a tunnel")
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
