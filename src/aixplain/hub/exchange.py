"""One request and its response on a connection: flow control, and what uvicorn's own class doesn't do for HTTP/1.0."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Flow(FlowControl):
    """Flow control of a connection: reading stays paused while received requests are held back.

    `paused` counts the seconds for which the hub read nothing, which a slow body is not blamed for.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self.is_held = False
        self._paused_seconds = 0.0
        self._paused_at = 0.0

    def pause_reading(self) -> None:
        """Receive nothing for a while."""
        if not self.read_paused:
            self._paused_at = time.monotonic()
            super().pause_reading()

    def resume_reading(self) -> None:
        """Receive again, unless requests are held back."""
        if self.read_paused and not self.is_held:
            self._paused_seconds += time.monotonic() - self._paused_at
            super().resume_reading()

    @property
    def paused_seconds(self) -> float:
        """Seconds for which nothing was read so far."""
        return self._paused_seconds + (time.monotonic() - self._paused_at if self.read_paused else 0.0)


class Exchange(RequestResponseCycle):
    """A request and its response.

    A response of unknown length to HTTP/1.0 ends with the connection: that version has no chunked coding. A client that still
    waits for `100 Continue` when it gets its final response may send the body or not, so the connection ends with it too.

    `linger` closes the connection of a caller who may be sending still, so that the response is not lost.
    """

    linger: Callable[[], None]
    _is_old = False
    _ends_with_connection = False

    async def send(self, message: Any) -> None:
        """Send a part of the response."""
        if not self.response_started:
            if self.waiting_for_100_continue and self.more_body:
                self.keep_alive = False
            self._is_old = self.scope["http_version"] == "1.0"
            if self._is_old and not any(name.lower() == b"content-length" for name, _ in message.get("headers", ())):
                self._ends_with_connection, self.chunked_encoding = True, False
        elif self._ends_with_connection:
            self.expected_content_length = len(message.get("body", b""))
        is_early = self.response_started and not self.keep_alive and self.more_body and not message.get("more_body", False)
        if is_early:
            self.keep_alive = True  # uvicorn would close at once
        await super().send(message)
        if is_early and self.response_complete:
            self.linger()
