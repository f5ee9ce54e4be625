"""Decompress the body of a response as it arrives: gzip with any number of members, and deflate in both its forms."""

from __future__ import annotations

import zlib

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_START = b"\x1f\x8b"
#: Codings that leave the body as it is.
_NO_CODINGS = frozenset({"", "identity", "none"})
_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}


class DecompressionError(Exception):
    """The body isn't what its content-encoding says, or that coding isn't supported."""


class Decompressor:
    """One body. Each call expands what it is given at most a thousandfold, so callers feed it small parts."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._formats = _FORMATS[coding]
        self._stream = zlib.decompressobj(self._formats[0])
        self._start = b""
        """What came while its format was not sure."""
        self._is_sure = len(self._formats) == 1
        self._has_data = False
        self._is_over = False
        """Whether its end came, and something else after it."""

    def feed(self, data: bytes) -> bytes:
        """Return what these bytes expand to. Raises `DecompressionError`."""
        self._has_data = self._has_data or bool(data)
        try:
            return self._expand(data) if self._is_sure else self._expand_first(data)
        except zlib.error as error:
            raise DecompressionError(f"its body is not valid {self._coding} ({error})") from error

    def finish(self) -> None:
        """Check that the body is whole. Raises `DecompressionError`."""
        if self._has_data and not self._stream.eof:
            raise DecompressionError(f"its {self._coding} body was cut")

    def _expand(self, data: bytes) -> bytes:
        found = []
        while data and not self._is_over:
            if self._stream.eof:
                data = self._begin_member(data)
            found.append(self._stream.decompress(data) if data else b"")
            data = self._stream.unused_data
        return found[0] if len(found) == 1 else b"".join(found)

    def _begin_member(self, data: bytes) -> bytes:
        """What follows a member of gzip is the next one; anything else is padding, which says nothing."""
        data = self._start + data
        self._start = b""
        if self._formats[0] == _GZIP and data.startswith(_GZIP_START):
            self._stream = zlib.decompressobj(_GZIP)
            return data
        if self._formats[0] == _GZIP and _GZIP_START.startswith(data):
            self._start = data
        else:
            self._is_over = True
        return b""

    def _expand_first(self, data: bytes) -> bytes:
        """Deflate is meant with zlib's wrapper, and sent without it by some servers."""
        self._start += data
        if len(self._start) < 2:
            return b""
        data, self._start, self._is_sure = self._start, b"", True
        try:
            return self._expand(data)
        except zlib.error:
            self._stream = zlib.decompressobj(self._formats[1])
            return self._expand(data)


def decompressor_for(content_encoding: str) -> Decompressor | None:
    """Return what decodes a body with this header; None for a body that is not compressed. Raises `DecompressionError`."""
    codings = [name for each in content_encoding.lower().split(",") if (name := each.strip()) not in _NO_CODINGS]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _FORMATS:
        raise DecompressionError(
            f"its body is compressed with {content_encoding.strip()[:60]!r}, and only gzip or deflate is supported"
        )
    return Decompressor(codings[0])
