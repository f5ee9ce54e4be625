"""Connections: uvicorn's fast protocol, with bounds on what a caller may keep waiting, send and have open.

A caller who sends a byte now and then, or none, costs a connection each, and would have them all in the end. A request
that comes whole in one packet, as nearly all do, sets no timer.

What RFC 9112 leaves open is decided so that no proxy can read a message otherwise than the hub does (request smuggling):
`Upgrade` is ignored, a message of doubtful length is refused, and its connection closed.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any, NoReturn, cast
from urllib.parse import unquote

import httptools
from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from aixplain._wire.errors import write_error
from aixplain.hub.exchange import Exchange, Flow
from aixplain.hub.presence import PRESENCE, Presence
from aixplain.hub.settings import Settings
from aixplain.hub.timers import Timer, Timers, timers_here
from aixplain.hub.wire import Together

LARGEST_HEAD = 64 * 1024
#: Requests that wait for the response to an earlier one on their connection; of more, the bytes are held and no more is read.
MOST_PIPELINED = 16
#: Bytes that are parsed before it is looked at how many requests wait.
SLICE = 2048

#: How long a caller who was refused in the middle of sending is heard out.
PARTING_SECONDS = 1.0

Problem = tuple[int, str]
NO_HTTP = 400, "This is no HTTP request that can be read."
TOO_LARGE = 431, f"The head of the request is larger than {LARGEST_HEAD // 1024} kB. Send a shorter address, or fewer headers."
TOO_MANY = 503, "The hub has as many connections open as it may. Close those that aren't used, or try again in a moment."
TWO_HOSTS = 400, "A request has one Host header, and this one has several."
NO_PROXY = 405, "The hub is not a proxy, so it does not take CONNECT. Send requests to the hub itself."
NO_CODING = 501, "The hub knows no transfer coding but chunked. Send the body without one."
NO_VERSION = 505, "The hub speaks the versions 1.1 and 1.0 of HTTP."
HEAD_LATE = 408, "The head of the request did not come in {:g} seconds."
BODY_LATE = 408, "Nothing more of the request's body came for {:g} seconds."
BODY_SLOW = 408, "The request's body came more slowly than {:g} bytes a second."
NO_END = 431, f"The body has chunk extensions or trailers of more than {LARGEST_HEAD // 1024} kB. Send it without."

_CHECKED = frozenset({b"host", b"expect", b"content-length", b"transfer-encoding"})


class Protocol(HttpToolsProtocol):
    """A connection of the hub."""

    flow: Flow

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._timers = timers_here()
        self.loop = cast(asyncio.AbstractEventLoop, _Loop(self.loop, self._timers))
        state = cast(Starlette, config.app).state
        self._settings: Settings = state.settings
        self._most: int = state.most_connections
        self._received = 0  # bytes of a head that is not there yet
        self._in_head = self._in_body = False
        self._held: list[memoryview] = []
        self._late: Timer | None = None
        self._body_began: float | None = None
        self._body_received = self._overhead = 0
        self._body_left = 0  # bytes of a body whose length was told
        self._problem = NO_HTTP
        self._broken: Problem | None = None
        self._parting = False
        self._presence = Presence()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn wants less of it
        """A connection is there."""
        super().connection_made(Together(transport))
        self.flow = Flow(self.transport)  # pyright: ignore[reportIncompatibleVariableOverride]  # narrower than uvicorn's
        if len(self.connections) > self._most:
            self.transport.write(_answer(*TOO_MANY))
            self.transport.close()
        else:
            self._wait(self._settings.header_timeout, HEAD_LATE)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._wait_no_more()
        self._presence.end()
        self._held.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came, mostly a whole request."""
        self._unset_keepalive_if_required()
        if self._held:  # of TLS, what was read before it was paused
            self._hold(memoryview(data))
        elif len(data) <= SLICE and len(self.pipeline) < MOST_PIPELINED:
            self._feed(data)
        else:
            self._feed_slices(memoryview(data))

    # Parsing

    def _feed_slices(self, data: memoryview) -> None:
        """Parse what came, until too many requests wait; the rest is held."""
        while len(data):
            if len(self.pipeline) >= MOST_PIPELINED:
                self._hold(data)
                return
            size = max(self._body_left, SLICE)
            self._feed(data[:size])
            data = data[size:]

    def _feed(self, data: bytes | memoryview) -> None:
        if self._parting or self._broken is not None:
            return
        if self._in_body:
            self._count_body(len(data))
        else:
            self._received += len(data)
        self._parse(data)
        if not self._parting:
            self._expect_more()

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self._refuse_in_turn(self._problem)
        except httptools.HttpParserUpgrade as offer:
            self._parse_without_upgrade(memoryview(data)[offer.args[0] :])

    def _parse_without_upgrade(self, rest: memoryview) -> None:
        """Parse a request again without its header Upgrade: the parser takes what follows the head for another protocol."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        head = b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, b"".join(lines))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._parse(head)
        if len(rest) and not self._parting and self._broken is None:
            self._parse(rest)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._body_left = True, 0
        cast(dict[str, Any], self.scope)[PRESENCE] = self._presence

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there, or a trailer, which nobody reads."""
        if self._in_body:
            return
        name, value = name.lower(), value.rstrip(b" \t")
        if name in _CHECKED:
            self._check(name, value)
        self.headers.append((name, value))

    def _check(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            if any(header[0] == b"host" for header in self.headers):
                self._fail(TWO_HOSTS)
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"content-length":
            self._body_left = int(value)
        elif value.lower() != b"chunked":
            self._fail(NO_CODING)

    def on_headers_complete(self) -> None:
        """The head is there: begin to serve the request, or queue it behind those before it."""
        if self._received > LARGEST_HEAD and self._size_of_head() > LARGEST_HEAD:
            self._fail(TOO_LARGE)
        parser, version = self.parser, self.parser.get_http_version()
        method = parser.get_method().decode("ascii")
        if method == "CONNECT":
            self._fail(NO_PROXY)
        if parser.should_upgrade():  # parsed again, without
            return
        if version != "1.1" and version != "1.0":
            self._fail(NO_VERSION)
        self._received, self._in_head, self._in_body, self._body_began = 0, False, True, None
        self._tell_address(method, version)
        self._begin(
            Exchange(
                scope=self.scope,
                transport=self.transport,
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=self.access_log,
                default_headers=self.server_state.default_headers,
                message_event=asyncio.Event(),
                expect_100_continue=self.expect_100_continue and version == "1.1",
                keep_alive=version == "1.1" and parser.should_keep_alive(),
                on_response=self.on_response_complete,
            )
        )

    def _tell_address(self, method: str, version: str) -> None:
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope = self.scope
        scope["method"] = method
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""

    def _begin(self, exchange: Exchange) -> None:
        exchange.linger = self._linger
        earlier, self.cycle = self.cycle, exchange
        app: Any = self.app  # of several kinds, to a type checker
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(exchange, app)
        else:
            self.pipeline.appendleft((exchange, app))

    def on_message_complete(self) -> None:
        """The body is there."""
        if not self._in_body:  # it was not begun: the head is parsed again
            return
        self._in_body = False
        super().on_message_complete()
        if not self.pipeline:  # a large body may have paused it, and it tells that the caller leaves
            self.flow.resume_reading()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._overhead = 0
        self._body_left -= len(body)
        super().on_body(body)

    def _fail(self, problem: Problem) -> NoReturn:
        """End parsing: `_parse` refuses the request."""
        self._problem = problem
        raise ValueError(problem)

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    # Requests that wait for earlier ones

    def _hold(self, data: memoryview) -> None:
        self._held.append(data)
        self.flow.is_held = True
        self.flow.pause_reading()

    def on_response_complete(self) -> None:
        """A response was given: serve the next request that waits."""
        was_last = not self.pipeline
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if was_last and self._broken is not None:
            self._refuse(*self._broken)
        elif self._held and len(self.pipeline) < MOST_PIPELINED:
            self._feed_held()

    def _feed_held(self) -> None:
        held, self._held = self._held, []
        self.flow.is_held = False
        self._unset_keepalive_if_required()
        for data in held:
            if self._held:
                self._held.append(data)
            else:
                self._feed_slices(data)
        self.flow.resume_reading()

    # Time

    def _expect_more(self) -> None:
        if self._in_body:
            self._expect_body()
        elif self._received > LARGEST_HEAD:
            self._refuse_in_turn(TOO_LARGE)
        elif not self._received and not self._in_head:
            self._wait_no_more()
        elif self._late is None:
            self._wait(self._settings.header_timeout, HEAD_LATE)

    def _count_body(self, size: int) -> None:
        self._body_received += size
        self._overhead += size

    def _expect_body(self) -> None:
        """Expect more of a body: soon, and all of it at a rate."""
        now, settings = time.monotonic() - self.flow.paused_seconds, self._settings
        if self._body_began is None:
            self._body_began, self._body_received, self._overhead = now, 0, 0
        if self._overhead > LARGEST_HEAD:
            self._refuse_in_turn(NO_END)
            return
        spare = self._body_received / settings.body_rate - (now - self._body_began) if settings.body_rate else 0.0
        if spare < 0:
            self._wait(max(settings.body_timeout + spare, 0.0), BODY_SLOW, settings.body_rate)
        else:
            self._wait(settings.body_timeout, BODY_LATE)

    def _wait(self, seconds: float, problem: Problem, told: float | None = None) -> None:
        """Expect the rest, or more of it, in this time."""
        self._wait_no_more()
        self._late = self._timers.call_later(seconds, partial(self._is_late, seconds, problem, told))

    def _wait_no_more(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _is_late(self, seconds: float, problem: Problem, told: float | None) -> None:
        self._late = None
        if self._in_body and self.flow.read_paused:  # the caller waits for the hub
            self._expect_body()
        elif not self._in_body and (self.flow.read_paused or self._is_busy):
            self._wait(self._settings.header_timeout, HEAD_LATE)
        elif self._in_body and self.cycle.response_complete:
            self.transport.close()
        elif self._in_body or self._in_head or self._received:
            status, message = problem
            self._refuse_in_turn((status, message.format(seconds if told is None else told)))
        else:
            self.transport.close()

    # Refusals

    @property
    def _is_busy(self) -> bool:
        """Whether a request that was read is not answered yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse_in_turn(self, problem: Problem) -> None:
        """Refuse a request, once those before it are answered; nothing that comes behind it is read."""
        if self._in_body and self.pipeline:
            self.pipeline.popleft()  # this request, which was not begun
        elif self._in_body or not self._is_busy:
            self._refuse(*problem)
            return
        self._broken = problem
        self._held.clear()
        self._wait_no_more()

    def _refuse(self, status: int, message: str) -> None:
        """Answer, unless there is an answer already or half of it, and close."""
        is_answered = self._in_body and self.cycle.response_started
        if not is_answered:
            self.transport.write(_answer(status, message))
        if is_answered:
            self._parting = True
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        if self.scheme == "https":  # TLS can't be closed on one side alone
            self._parting = True
            self.transport.close()
        else:
            self._part()

    def _part(self) -> None:
        """Close as soon as the caller does: what they still send would meet a closed connection, and take the answer away."""
        self._parting = True
        self._presence.end()
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._wait_no_more()
        self._unset_keepalive_if_required()
        self._held.clear()
        self.flow.is_held = False
        self.transport.write_eof()
        self.flow.resume_reading()
        self._late = self._timers.call_later(PARTING_SECONDS, self.transport.close)


class _Loop:
    """The loop, as far as uvicorn uses it: each answer sets a timer for the time that its connection may be idle."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timers: Timers) -> None:
        self.create_task = loop.create_task
        self.call_later = timers.call_later


def _answer(status: int, message: str) -> bytes:
    body = write_error(status, message)
    again = b"retry-after: 1\r\n" if status == 503 else b""
    head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n%s\r\n" % (len(body), again)
    return STATUS_LINE[status] + head + body
