"""Content codings (`Content-Encoding`), decoded in bounded steps: no call inflates more than `STEP` bytes."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

#: Bytes that one call of zlib may produce.
STEP = 64 * 1024
#: Codings of one response that are undone; more are an attack.
MOST_CODINGS = 5
#: Written by servers in the field although nothing is encoded. S3 says `aws-chunked` of objects that were uploaded so.
_PLAIN = frozenset({"", "identity", "none", "binary", "utf-8", "aws-chunked"})
_GZIP = frozenset({"gzip", "x-gzip"})
_GZIP_MAGIC = b"\x1f\x8b"


class DecodingError(Exception):
    """The content is not what its `Content-Encoding` says, ends too early, or is in a coding that is not supported."""


def decoder_of(content_encoding: str) -> Decoder | None:
    """The decoder for a `Content-Encoding` header; None when nothing is encoded. Raises `DecodingError`."""
    codings = [each for each in map(str.strip, content_encoding.lower().split(",")) if each not in _PLAIN]
    for each in codings:
        if each not in _GZIP and each != "deflate":
            raise DecodingError(f"its content is encoded as {each!r:.40}, which was not asked for; gzip and deflate are read")
    if len(codings) > MOST_CODINGS:
        raise DecodingError(f"its content is encoded {len(codings)} times over; at most {MOST_CODINGS} are undone")
    return Decoder([_Inflater(is_gzip=each in _GZIP) for each in reversed(codings)]) if codings else None


class Decoder:
    """Undoes the codings of one response, lazily: `take` decodes no more than it returns."""

    def __init__(self, inflaters: list[_Inflater]) -> None:
        self._inflaters = inflaters
        self._input: deque[bytes] = deque()
        self._output: Iterator[bytes] = iter(())

    def feed(self, data: bytes) -> None:
        """Add encoded bytes."""
        self._input.append(data)

    def take(self) -> bytes:
        """The next decoded bytes, at most `STEP`; b"" when more input is needed. Raises `DecodingError`."""
        try:
            for _ in range(2):  # the chain of generators ends with its input: a new one for input that came since
                for piece in self._output:
                    if piece:
                        return piece
                self._output = self._through(self._waiting())
        except zlib.error as error:
            raise DecodingError(f"its content can't be decompressed ({error})") from error
        return b""

    def end(self) -> None:
        """Everything was fed and taken. Raises `DecodingError` when the content was cut."""
        if any(inflater.is_cut for inflater in self._inflaters):
            raise DecodingError("its compressed content was cut before its end")

    def _waiting(self) -> Iterator[bytes]:
        while self._input:
            yield self._input.popleft()

    def _through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for inflater in self._inflaters:
            pieces = inflater.each(pieces)
        return iter(pieces)


class _Inflater:
    """One coding: gzip with any number of members (RFC 1952, 2.2), or deflate with or without the header of zlib."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._start = b""
        """The first byte of a member, until the second one says what it is."""
        self._inflate: Any = None
        self._members = 0
        self._is_over = False

    @property
    def is_cut(self) -> bool:
        """Whether it ended inside a member."""
        return not self._is_over and (self._inflate is not None or bool(self._start))

    def each(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield from self._decode(piece)

    def _decode(self, data: bytes) -> Iterator[bytes]:
        while data and not self._is_over:
            if self._inflate is None and not (data := self._begin(data)):
                return
            inflate: Any = self._inflate
            while data:
                yield inflate.decompress(data, STEP)
                if inflate.eof:
                    data = inflate.unused_data
                    self._end_member()
                    break
                data = inflate.unconsumed_tail
            else:
                yield from self._rest()

    def _rest(self) -> Iterator[bytes]:
        """Output that zlib holds back although it took all input."""
        while self._inflate is not None and (more := self._inflate.decompress(b"", STEP)):
            yield more
        if self._inflate is not None and self._inflate.eof:
            self._end_member()

    def _begin(self, data: bytes) -> bytes:
        """Start a member; what follows the last one without being a member is ignored, as gzip does."""
        data = self._start + data
        if self._members and data[:2] != _GZIP_MAGIC[: len(data)]:
            self._start, self._is_over = b"", True
            return b""
        if len(data) < 2:
            self._start = data
            return b""
        self._start = b""
        self._inflate = zlib.decompressobj(wbits=31 if self._is_gzip else _deflate_bits(data))
        return data

    def _end_member(self) -> None:
        self._inflate = None
        self._members += 1
        self._is_over = not self._is_gzip


def _deflate_bits(data: bytes) -> int:
    """`deflate` is the format of zlib (RFC 9110, 8.4.1.2), and some servers send the raw one."""
    has_header = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return 15 if has_header else -15
