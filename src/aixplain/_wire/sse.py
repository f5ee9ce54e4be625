"""Server-sent events: bytes in, the data of each event out; and the other way round."""

from __future__ import annotations


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
        self._lines: list[bytes] = []
        self._after_cr = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of each event that this piece completes."""
        if self._at_start and piece:
            piece = piece.removeprefix(b"\xef\xbb\xbf")
            self._at_start = False
        if self._after_cr or b"\r" in piece:
            piece = self._unify_line_ends(piece)
        self._rest.append(piece)
        if b"\n" not in piece:
            return []
        *lines, last = b"".join(self._rest).split(b"\n")
        self._rest = [last]
        return self._events(lines)

    def end(self) -> list[bytes]:
        """The data of an event that the stream's end left open."""
        last, self._rest = b"".join(self._rest), []
        return self._events([last, b""])

    def _events(self, lines: list[bytes]) -> list[bytes]:
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

    def _unify_line_ends(self, piece: bytes) -> bytes:
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
