"""Bytes as a response: the parser of Node.js takes HTTP apart, this keeps what it finds."""

from __future__ import annotations

import httptools

from aixplain.v2._http.decompression import DecompressionError, Decompressor, decompressor_for

#: Bytes of a head, with all its headers.
MAX_HEAD_BYTES = 256 * 1024


class BrokenAnswer(Exception):
    """What came is not a response, or not a whole one. It stays in this package."""


class AnswerTooLarge(BrokenAnswer):
    """The body is larger than `max_response_bytes`."""


class Answers:
    """The responses that one connection gets, one after another."""

    __slots__ = (
        "_decompressor",
        "_failure",
        "_feed",
        "_head",
        "_keeps_alive",
        "_limit",
        "_method",
        "_parser",
        "_size",
        "_surplus",
        "headers",
        "is_whole",
        "pieces",
        "status",
    )

    def __init__(self) -> None:
        self._surplus = False
        self._new_parser()
        self.begin("GET")

    def begin(self, method: str, limit: int | None = None) -> None:
        """A request was sent, and its response comes next, whose body has at most `limit` bytes, None for any number."""
        self._method = method
        self._limit = limit
        self._size = 0
        self._decompressor: Decompressor | None = None
        self._failure: BrokenAnswer | None = None
        self._head = b""
        """What came of a head that is not whole yet."""
        self.status = 0
        """0 until the head of the response is here."""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        """Content that came and was not taken."""
        self.is_whole = False
        self._keeps_alive = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes as they arrive. Raises `BrokenAnswer` for what is not HTTP."""
        if self.is_whole:  # nobody asked for it
            self._surplus = True
            return
        before = b"" if self.status else self._head
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._recover(before, data, error)
        if not self.status:
            self._keep_head(before, data)

    def end(self) -> None:
        """The connection is closed, which ends some responses and cuts the others. Raises `BrokenAnswer`."""
        if not self.is_whole and self.status and self._ends_with_connection:
            self._finish_body()
            if self._failure is not None:
                raise self._failure
            self.is_whole = True
        if not self.is_whole:
            raise BrokenAnswer("it was closed before the answer was whole")

    def take(self) -> bytes:
        """The content that came since it was last taken."""
        pieces = self.pieces
        if len(pieces) == 1:
            return pieces.pop()
        content = b"".join(pieces)
        pieces.clear()
        return content

    def limit_to(self, limit: int) -> None:
        """Bound the body from now on, of which some may have come."""
        self._limit = limit

    def discard_connection(self) -> None:
        """Note that no other request can follow on the connection, such as when this one was not sent to its end."""
        self._surplus = True

    @property
    def leaves_connection_usable(self) -> bool:
        """Whether another request can follow on the same connection."""
        return self._keeps_alive and not self._surplus

    @property
    def _ends_with_connection(self) -> bool:
        return "content-length" not in self.headers and "chunked" not in self.headers.get("transfer-encoding", "").lower()

    # --- What is rare, or odd -----------------------------------------------------------------------

    def _new_parser(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._feed = self._parser.feed_data

    def _keep_head(self, before: bytes, data: bytes | memoryview) -> None:
        self._head = before + bytes(data)
        if len(self._head) > MAX_HEAD_BYTES:
            raise BrokenAnswer(f"the head of its answer is larger than {MAX_HEAD_BYTES // 1024} kB")

    def _recover(self, before: bytes, data: bytes | memoryview, error: Exception) -> None:
        """Go on after what the parser refuses, where it is harmless: what follows a whole response, or an odd head."""
        if self.is_whole:
            self._surplus, self._failure = True, None
            return
        if self._failure is not None:
            raise self._failure from error
        if not self.status:
            from aixplain.v2._http.odd_heads import rewritten  # few servers need it

            head = before + bytes(data)
            whole = rewritten(head)
            if whole is not None and whole != head:
                self._new_parser()
                self.headers = {}
                self._head = b""
                try:
                    self._feed(whole)
                except (httptools.HttpParserError, httptools.HttpParserUpgrade) as again:
                    self._recover(b"", whole, again)
                self._surplus = True  # a server with odd heads gets a connection for each request
                return
        raise BrokenAnswer(f"what came is no answer of HTTP/1.1 ({error})") from error

    def _fail(self, failure: BrokenAnswer) -> None:
        """Stop the parser, which reports any exception of a callback as its own."""
        self._failure = failure
        raise failure

    def _finish_body(self) -> None:
        if self._decompressor is not None:
            try:
                self._decompressor.finish()
            except DecompressionError as error:
                self._failure = BrokenAnswer(str(error))

    # --- Called by the parser -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.is_whole:
            self._fail(BrokenAnswer("more came than was asked for"))

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return  # an interim response: the one that counts follows
        self.status = status
        self.is_whole = self._method == "HEAD"
        if "content-encoding" in self.headers and not self.is_whole:
            try:
                self._decompressor = decompressor_for(self.headers["content-encoding"])
            except DecompressionError as error:
                self._fail(BrokenAnswer(str(error)))

    def on_body(self, data: bytes) -> None:
        if self._decompressor is not None:
            try:
                data = self._decompressor.feed(data)
            except DecompressionError as error:
                self._fail(BrokenAnswer(str(error)))
        if self._limit is not None:
            self._size += len(data)
            if self._size > self._limit:
                self._fail(
                    AnswerTooLarge(
                        f"its answer is larger than {self._limit:,} bytes (max_response_bytes). Save the output of a run with "
                        "result.save, which has no limit, or raise the limit"
                    )
                )
        if data:
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        if self.status:
            self._finish_body()
            if self._failure is not None:
                raise self._failure
            self.is_whole = True
            self._keeps_alive = self._parser.should_keep_alive()  # afterwards it has forgotten
        else:
            self.headers = {}
