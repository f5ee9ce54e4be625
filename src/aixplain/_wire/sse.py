"""Server-sent events: bytes in, the data of each event out; and the other way round."""

from __future__ import annotations

_MARK = b"\xef\xbb\xbf"


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
        """Pieces of a line that is not over."""
        self._lines: list[bytes] = []
        """Data lines of an event that is not over."""
        self._after_cr = False
        self._start: bytes | None = b""
        """What may be the beginning of a byte order mark; None once that is settled."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event that this piece completes."""
        if self._start is not None:
            piece = self._without_mark(piece)
        if self._after_cr or b"\r" in piece:
            piece = self._unify_line_ends(piece)
        if b"\n" not in piece:
            self._rest.append(piece)
            return []
        if self._rest:
            piece = b"".join([*self._rest, piece])
        return self._split(piece)

    def end(self) -> list[bytes]:
        """The data of an event that the stream's end left open."""
        last, self._rest = b"".join([self._start or b"", *self._rest]), []
        return self._take_lines([last, b""])

    def _split(self, text: bytes) -> list[bytes]:
        """Events are cut out whole where they can be; the lines of the one that is not over wait."""
        events: list[bytes] = []
        if self._lines:
            *lines, last = text.split(b"\n")
            events = self._take_lines(lines)
        else:
            *frames, text = text.split(b"\n\n")
            for frame in frames:
                if frame.startswith(b"data: ") and b"\n" not in frame:
                    events.append(frame[6:])
                else:
                    events += self._take_lines([*frame.split(b"\n"), b""])
            *lines, last = text.split(b"\n")
            self._take_lines(lines)
        self._rest = [last] if last else []
        return events

    def _take_lines(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._lines.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line and self._lines:
                events.append(b"\n".join(self._lines))
                self._lines.clear()
            elif line == b"data":
                self._lines.append(b"")
        return events

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


def encode_event(data: bytes) -> bytes:
    """One event that carries `data`, which is JSON and so has no line break.

    >>> encode_event(b'{"data":"tok"}')
    b'data: {"data":"tok"}\\n\\n'
    """
    return b"data: " + data + b"\n\n"


DONE = encode_event(b"[DONE]")
