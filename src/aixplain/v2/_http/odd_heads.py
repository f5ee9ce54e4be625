"""Heads of responses that the strict parser refuses and browsers read: rewritten as the same head, by the book.

A head is only rewritten where its meaning is certain. What could be read in two ways, such as two lengths, stays refused.
"""

from __future__ import annotations

import re

_STATUS = re.compile(rb"(?:HTTP/(1\.[01]))[ \t]+(\d{3})(?:[ \t]+([^\r\n]*))?")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_END = re.compile(rb"\r?\n\r?\n")


def rewritten(data: bytes) -> bytes | None:
    r"""Return these bytes with their head by the book; None where the head isn't whole, or could be read in two ways.

    Lines may end with LF alone, continue on the next one, and name the same length several times.

    >>> rewritten(b"HTTP/1.1 200 OK\ncontent-length: 2\ncontent-length: 2\n\nhi")
    b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'
    """
    end = _END.search(data)
    if end is None:
        return None
    first, *lines = re.split(rb"\r?\n", data[: end.start()])
    status = _STATUS.fullmatch(first)
    fields = _fields(lines)
    if status is None or fields is None:
        return None
    reason = _CONTROL.sub(b" ", status[3] or b"")
    head = [b"HTTP/%s %s %s" % (status[1], status[2], reason), *(b"%s: %s" % field for field in fields)]
    return b"\r\n".join([*head, b"", b""]) + data[end.end() :]


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]] | None:
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line.startswith((b" ", b"\t")):  # a continued line, which RFC 9112 reads as a space
            if not fields:
                return None
            name, value = fields.pop()
            fields.append((name, value + b" " + line.strip()))
            continue
        found = _FIELD.fullmatch(line)
        if found is None or _CONTROL.search(found[2]):
            return None
        fields.append((found[1], found[2].rstrip()))
    return _with_one_length(fields)


def _with_one_length(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]] | None:
    """The same length, said several times, is one length (RFC 9110, 8.6); with a transfer-encoding it says nothing."""
    named = [(name.lower(), value) for name, value in fields]
    lengths = {each.strip() for name, value in named if name == b"content-length" for each in value.split(b",")}
    if len(lengths) > 1 or not all(re.fullmatch(rb"\d+", each) for each in lengths):
        return None
    others = [field for field in fields if field[0].lower() != b"content-length"]
    if not lengths or any(name == b"transfer-encoding" for name, _ in named):
        return others
    return [*others, (b"content-length", lengths.pop())]
