"""Bytes as an answer: the parser of Node.js takes HTTP apart, this keeps what it finds."""

from __future__ import annotations

import zlib
from typing import Any

import httptools

_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})


class BrokenAnswer(Exception):
    """What came is no answer, or no whole one. It stays in this room."""


class Answers:
    """The answers that one connection gets, one after another."""

    __slots__ = (
        "_feed",
        "_inflate",
        "_keeps_alive",
        "_method",
        "_parser",
        "_surplus",
        "headers",
        "is_whole",
        "pieces",
        "status",
    )

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._feed = self._parser.feed_data
        self._surplus = False
        self.begin("GET")

    def begin(self, method: str) -> None:
        """A request was sent, and its answer comes next."""
        self._method = method
        self._inflate: Any = None
        self.status = 0
        """0 until the head of the answer is here."""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        """Content that came and was not taken."""
        self.is_whole = False
        self._keeps_alive = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes as they arrive. Raises `BrokenAnswer` for what is no HTTP."""
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, zlib.error) as error:
            raise BrokenAnswer(f"what came is no answer of HTTP/1.1 ({error})") from error

    def end(self) -> None:
        """The connection is closed, which ends some answers and cuts the others. Raises `BrokenAnswer`."""
        if self.is_whole or (self.status and self._ends_with_connection):
            self.is_whole = True
            return
        raise BrokenAnswer("it was closed before the answer was whole")

    def take(self) -> bytes:
        """The content that came since it was last taken."""
        pieces = self.pieces
        if len(pieces) == 1:
            return pieces.pop()
        content = b"".join(pieces)
        pieces.clear()
        return content

    @property
    def leaves_connection_usable(self) -> bool:
        """Whether another request can follow on the same connection."""
        return self._keeps_alive and not self._surplus

    @property
    def _ends_with_connection(self) -> bool:
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    # --- Called by the parser -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._surplus = self._surplus or self.is_whole

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return  # an interim answer: the one that counts follows
        self.status = status
        self.is_whole = self._method == "HEAD"
        if self.headers.get("content-encoding", "").lower() in _COMPRESSED:
            self._inflate = zlib.decompressobj(wbits=47)

    def on_body(self, data: bytes) -> None:
        if self._inflate is not None:
            data = self._inflate.decompress(data)
        if data:
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        if self.status:
            self.is_whole = True
            self._keeps_alive = self._parser.should_keep_alive()  # afterwards it has forgotten
        else:
            self.headers = {}
