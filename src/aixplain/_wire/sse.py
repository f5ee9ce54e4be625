"""Server-sent events: bytes in, the data of each event out; and the other way round."""

from __future__ import annotations

_MARK = b"\xef\xbb\xbf"
_NEWLINE = ord("\n")


class EventDecoder:
    """Collects the `data` of server-sent events from bytes that arrive in any pieces.

    Lines end at CR, LF or CRLF and nowhere else: U+2028 and U+0085 are text. Comments and the
    fields `event`, `id` and `retry` are no data. See the WHATWG's HTML standard, section 9.2.6.

    >>> decoder = EventDecoder()
    >>> decoder.feed(b"data: a\\n\\n: a comment\\ndata: b")
    [b'a']
    >>> decoder.feed(b"\\ndata: c\\n\\n")
    [b'b\\nc']
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """Pieces of an event that is not over."""
        self._after_newline = False
        self._after_cr = False
        self._start: bytes | None = b""
        """What may be the beginning of a byte order mark; None once that is settled."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event that this piece completes."""
        return data_of_events(self.take(piece))

    def take(self, piece: bytes) -> bytes:
        """The events that this piece completes, as they stand, each with the blank line behind it; b"" for none."""
        if self._start is not None:
            piece = self._without_mark(piece)
        if self._after_cr or b"\r" in piece:
            piece = self._unify_line_ends(piece)
        if not piece:
            return b""
        completes = b"\n\n" in piece or (self._after_newline and piece[0] == _NEWLINE)
        self._after_newline = piece[-1] == _NEWLINE
        self._rest.append(piece)
        if not completes:  # a large event in many pieces is not joined again with each of them
            return b""
        text = b"".join(self._rest)
        end = text.rindex(b"\n\n") + 2
        self._rest = [text[end:]] if end < len(text) else []
        self._after_newline = self._after_newline and bool(self._rest)
        return text[:end]

    def end(self) -> list[bytes]:
        """The data of an event that the stream's end left open."""
        rest, self._rest = b"".join([self._start or b"", *self._rest]), []
        return data_of_events(rest)

    def _without_mark(self, piece: bytes) -> bytes:
        """The first bytes, without a byte order mark; nothing while they may still become one."""
        start = (self._start or b"") + piece
        if len(start) < len(_MARK) and _MARK.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(_MARK)

    def _unify_line_ends(self, piece: bytes) -> bytes:
        if not piece:
            return piece
        if self._after_cr:
            piece = piece.removeprefix(b"\n")
        self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


class ErrorData(bytes):
    """The data of an event that is named `error`."""


def data_of_events(text: bytes) -> list[bytes]:
    """Return the data of each event in a text whose lines end at LF; that of an event named `error` as `ErrorData`.

    >>> [type(data).__name__ for data in data_of_events(b"event: error\\ndata: no memory\\n\\ndata: hi\\n\\n")]
    ['ErrorData', 'bytes']
    """
    found = []
    for event in text.split(b"\n\n"):
        if event.startswith(b"data: ") and b"\n" not in event:
            found.append(event[6:])
        elif (data := _data_of_lines(event)) is not None:
            found.append(data)
    return found


def _data_of_lines(event: bytes) -> bytes | None:
    data, kind = [], bytes
    for line in event.split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line == b"data":
            data.append(b"")
        elif line.startswith(b"event:") and line[6:].strip() == b"error":
            kind = ErrorData
    return kind(b"\n".join(data)) if data else None


def encode_event(data: bytes) -> bytes:
    """One event that carries `data`, which is JSON and so has no line break.

    >>> encode_event(b'{"data":"tok"}')
    b'data: {"data":"tok"}\\n\\n'
    """
    return b"data: " + data + b"\n\n"


DONE = encode_event(b"[DONE]")
