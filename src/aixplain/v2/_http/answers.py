"""Parses responses: llhttp, the parser of Node.js, takes HTTP apart, and this keeps what it finds, within bounds."""

from __future__ import annotations

import sys

import httptools

from aixplain.v2._http.decoding import Decoder, DecodingError, decoder_of
from aixplain.v2._http.heads import normalized, split_heads

#: Bytes of a head, with the interim responses before it; of chunk framing or of trailers without any content.
LARGEST_HEAD = 256 * 1024
#: Decoded bytes of a stream that wait for their reader before more is decoded.
READY = 2 * 1024 * 1024
#: Pieces of content that are kept apart; servers can send a byte at a time.
MOST_PIECES = 512


#: A body in other codings would be passed on as it is.
_TRANSFER_CODINGS = frozenset({"chunked", "identity", ""})
#: The names of usual headers as they arrive, so that they need not be decoded.
_NAMES = {
    name: name.decode().lower()
    for name in (b"Content-Type", b"content-type", b"Content-Length", b"content-length", b"Date", b"date", b"Server", b"server")
}


class BrokenAnswer(Exception):
    """What came is not a response, or not a whole one. Internal: never raised to callers."""


class RejectedAnswer(BrokenAnswer):
    """The response was understood and is not accepted: it is too large, or can't be decoded. Another try ends the same way."""


class Answers:
    """The responses that one connection gets, one after another."""

    __slots__ = (
        "_blocks",
        "_decoder",
        "_feed",
        "_head",
        "_keeps_alive",
        "_limit",
        "_method",
        "_parser",
        "_refusal",
        "_size",
        "_streamed",
        "_surplus",
        "_without_content",
        "headers",
        "is_whole",
        "pieces",
        "status",
    )

    def __init__(self) -> None:
        self._new_parser()
        self._surplus = False
        self.begin("GET")

    def begin(self, method: str, limit: int | None = None) -> None:
        """A request was sent, and its response comes next: read whole, with at most `limit` decoded bytes, or a stream."""
        self._method = method
        self._streamed = limit is None
        self._limit = sys.maxsize if limit is None else limit
        self._decoder: Decoder | None = None
        self._refusal: RejectedAnswer | None = None
        self._size = 0
        self._blocks = 0
        self._head = b""
        self._without_content = 0
        self.status = 0
        """0 until the head of the answer is here."""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        """Content that came and was not taken."""
        self.is_whole = False
        self._keeps_alive = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes as they arrive. Raises `BrokenAnswer` for what is not HTTP."""
        if self.is_whole:
            self._surplus = True
            return
        size = self._size
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._recover(bytes(data), error)
        if self._size == size:
            self._count(data)
        elif self._without_content:
            self._without_content = 0

    def end(self) -> None:
        """The connection is closed, which ends some responses and cuts the others. Raises `BrokenAnswer`."""
        if self.is_whole:
            return
        if not self.status or not self._ends_with_connection:
            raise BrokenAnswer("it was closed before the answer was whole")
        self._finish()

    def take(self) -> bytes:
        """The content that came since it was last taken. Raises `BrokenAnswer`."""
        pieces = self.pieces
        if self._refusal is not None and not any(pieces):
            raise self._refusal
        if len(pieces) == 1:
            content = pieces.pop()
        else:
            content = b"".join(pieces)
            pieces.clear()
        self._blocks = 0
        if self._decoder is not None:
            self._decode(self._decoder)
        return content

    def limit_to(self, limit: int) -> None:
        """Bound the content from now on, of which some may have come."""
        self._streamed, self._limit = False, limit

    def discard_connection(self) -> None:
        """Note that no other request can follow on the connection, such as when this one was not sent to its end."""
        self._surplus = True

    @property
    def has_surplus(self) -> bool:
        """Whether more came than the response."""
        return self._surplus

    @property
    def leaves_connection_usable(self) -> bool:
        """Whether another request can follow on the same connection."""
        return self._keeps_alive and not self._surplus

    @property
    def _ends_with_connection(self) -> bool:
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    # --- Called by the parser. What one of these raises stops it, and is found in `_refusal` --------------

    def on_message_begin(self) -> None:
        if self.is_whole:
            self._surplus = True
            raise BrokenAnswer("another answer followed")  # never seen: the one that was asked for is whole

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # a trailer
        key, text = _NAMES.get(name) or name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return  # an interim answer: the one that counts follows
        self.status = status
        if self._method == "HEAD" or (self._method == "CONNECT" and status < 300):
            self.is_whole = True
            return
        if "transfer-encoding" in self.headers and self.headers["transfer-encoding"].lower() not in _TRANSFER_CODINGS:
            self._reject(f"its transfer-encoding is {self.headers['transfer-encoding'][:60]!r}, and only chunked is supported")
        if "content-encoding" in self.headers:
            try:
                self._decoder = decoder_of(self.headers["content-encoding"])
            except DecodingError as error:
                self._reject(str(error))

    def on_body(self, data: bytes) -> None:
        if self.is_whole:
            self._surplus = True
            return
        self._size += len(data)
        if self._decoder is not None:
            self._decoder.feed(data)
            self._decode(self._decoder)
            return
        if self._size > self._limit:
            self._reject_size()
        self.pieces.append(data)
        if len(self.pieces) - self._blocks > MOST_PIECES:
            self._join_pieces()

    def on_message_complete(self) -> None:
        if not self.status:
            self.headers = {}
            return
        self._keeps_alive = self._parser.should_keep_alive()  # afterwards it has forgotten
        if not self.is_whole:
            self._finish()

    # --- The odd cases ------------------------------------------------------------------------------

    def _new_parser(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._feed = self._parser.feed_data

    def _recover(self, data: bytes, error: Exception) -> None:
        """The parser stopped. Raises `BrokenAnswer` unless the response has a meaning all the same."""
        if self._refusal is not None:
            raise self._refusal from self._refusal.__cause__
        if self.is_whole:  # what follows a whole answer costs the connection, and not the answer
            self._surplus = True
            return
        if self.status or isinstance(error, httptools.HttpParserUpgrade):
            raise BrokenAnswer(f"what came is no answer of HTTP/1.1 ({error})") from error
        came = (self._head + data).lstrip(b"\r\n")
        is_http = came.startswith(b"HTTP/")
        parts = split_heads(came)
        if is_http and parts is None:
            return  # `_count` keeps it until the head is complete
        heads, rest = parts or ([], b"")
        rewritten = b"".join(map(normalized, heads))
        if not is_http or rewritten == b"".join(heads):
            raise BrokenAnswer(f"what came is no answer of HTTP/1.1 ({error})") from error
        self._new_parser()
        self._head, self.headers = b"", {}
        try:
            self._feed(rewritten + rest)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as again:
            if self._refusal is not None:
                raise self._refusal from self._refusal.__cause__
            if not self.is_whole:
                raise BrokenAnswer(f"what came is no answer of HTTP/1.1 ({again})") from again
            self._surplus = True

    def _count(self, data: bytes | memoryview) -> None:
        """No content came with these bytes: keep those of a head, and bound them all."""
        if not self.status:
            self._head += bytes(data)
        self._without_content += len(data)
        if self._without_content > LARGEST_HEAD and not self.is_whole:
            raise RejectedAnswer(f"its head or framing is larger than {LARGEST_HEAD} bytes")

    def _finish(self) -> None:
        """The content is here; what of it is still encoded is checked once it is taken."""
        self.is_whole = True
        if self._decoder is not None:
            self._decode(self._decoder)

    def _decode(self, decoder: Decoder) -> None:
        ready = sum(map(len, self.pieces))
        try:
            if self._refusal is not None:
                raise self._refusal
            while ready < READY or not self._streamed:
                if not (piece := decoder.take()):
                    if self.is_whole:
                        decoder.end()
                    return
                self.pieces.append(piece)
                ready += len(piece)
                if ready > self._limit:
                    self._reject_size()
        except (DecodingError, RejectedAnswer) as error:
            if not self._streamed:
                self._reject(str(error), error)
            self._refusal = RejectedAnswer(str(error))
            self.pieces.append(b"")  # the reader gets what came before, and then takes the error

    def _join_pieces(self) -> None:
        """A byte at a time would take fifty times its size."""
        self.pieces[self._blocks :] = [b"".join(self.pieces[self._blocks :])]
        self._blocks += 1

    def _reject_size(self) -> None:
        self._reject(f"its content is larger than {self._limit} bytes (max_response_bytes)")

    def _reject(self, reason: str, cause: Exception | None = None) -> None:
        self._refusal = RejectedAnswer(reason)
        self.pieces.clear()
        raise self._refusal from cause
