"""Connections: uvicorn's fast protocol, with bounds on what a caller may keep waiting, send and have open.

A caller who sends a byte now and then, or none, costs a connection each, and would have them all in the end. A request
that comes whole in one packet, as nearly all do, sets no timer.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from aixplain._wire.errors import write_error
from aixplain.hub.presence import PRESENCE, Presence
from aixplain.hub.settings import Settings
from aixplain.hub.timers import Timer, Timers, timers_here
from aixplain.hub.wire import Together

LARGEST_HEAD = 64 * 1024

#: How long a caller who was refused in the middle of sending is heard out.
PARTING_SECONDS = 1.0

NO_HTTP = 400, "This is no HTTP request that can be read."
TOO_LARGE = 431, f"The head of the request is larger than {LARGEST_HEAD // 1024} kB. Send a shorter address, or fewer headers."
TOO_MANY = 503, "The hub has as many connections open as it may. Close those that aren't used, or try again in a moment."
HEAD_LATE = 408, "The head of the request did not come in {:g} seconds."
BODY_LATE = 408, "Nothing more of the request's body came for {:g} seconds."


class Protocol(HttpToolsProtocol):
    """A connection of the hub."""

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
        self._in_body = False
        self._late: Timer | None = None
        self._problem = NO_HTTP
        self._parting = False
        self._presence = Presence()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn wants less of it
        """A connection is there."""
        super().connection_made(Together(transport))
        if len(self.connections) > self._most:
            self.transport.write(_answer(*TOO_MANY))
            self.transport.close()
        else:
            self._wait(self._settings.header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._wait_no_more()
        self._presence.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came, mostly a whole request."""
        if self._parting:
            return
        if not self._in_body:
            self._received += len(data)
        super().data_received(data)
        if not self._parting:
            self._expect_more()

    def _expect_more(self) -> None:
        if self._in_body:
            self._wait(self._settings.body_timeout)
        elif self._received > LARGEST_HEAD:
            self._refuse(*TOO_LARGE)
        elif self._received and self._late is None:
            self._wait(self._settings.header_timeout)
        elif not self._received:
            self._wait_no_more()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        cast(dict[str, Any], self.scope)[PRESENCE] = self._presence

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._received > LARGEST_HEAD and self._size_of_head() > LARGEST_HEAD:
            self._problem = TOO_LARGE
            raise ValueError(TOO_LARGE)
        self._received, self._in_body = 0, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is there."""
        self._in_body = False
        super().on_message_complete()
        if not self.pipeline:  # a large body may have paused it, and it tells that the caller leaves
            self.flow.resume_reading()

    def send_400_response(self, msg: str) -> None:
        """Refuse what can't be read, in the protocol's shape."""
        self._refuse(*self._problem)

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _wait(self, seconds: float) -> None:
        """Expect the rest, or more of it, in this time."""
        self._wait_no_more()
        self._late = self._timers.call_later(seconds, partial(self._is_late, seconds))

    def _wait_no_more(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _is_late(self, seconds: float) -> None:
        self._late = None
        if self._in_body and self.flow.read_paused:  # the caller waits for the hub
            self._wait(seconds)
        elif self._in_body or self._received:
            status, message = BODY_LATE if self._in_body else HEAD_LATE
            self._refuse(status, message.format(seconds))
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Answer, unless there is half an answer already, and close."""
        going_on = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not going_on:
            self.transport.write(_answer(status, message))
        if going_on or self.scheme == "https":  # TLS can't be closed on one side alone
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
