"""Response heads that are odd and still have one meaning, rewritten for a strict parser."""

from __future__ import annotations

import re

_END = re.compile(rb"\r?\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.\d 1\d\d")
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_FOLDED_STATUS = re.compile(rb"[^\n]*\n[ \t]")


def split_heads(data: bytes) -> tuple[list[bytes], bytes] | None:
    """The head of a response after those of its interim responses, and what follows; None while it is not complete."""
    heads = []
    while found := _END.search(data):
        heads.append(data[: found.end()])
        data = data[found.end() :]
        if not _INTERIM.match(heads[-1]):
            return heads, data
    return None


def normalized(head: bytes) -> bytes:
    """The head with CRLF line ends, without folded lines (RFC 9112, 5.2), with one `Content-Length`, and with none beside a
    `Transfer-Encoding` (RFC 9112, 6.3). What has no single meaning, such as two different lengths, is left as it is."""
    if _FOLDED_STATUS.match(head):
        return head
    status_line, *lines = _FOLD.sub(b" ", head.rstrip(b"\r\n")).replace(b"\r\n", b"\n").split(b"\n")
    named = [(line.partition(b":")[0].lower(), line) for line in lines]
    has_transfer_encoding = any(name == b"transfer-encoding" for name, _ in named)
    lengths = {
        each.strip() for name, line in named if name == b"content-length" for each in line.partition(b":")[2].split(b",")
    }
    if has_transfer_encoding or len(lengths) == 1:
        lines = [line for name, line in named if name != b"content-length"]
        if not has_transfer_encoding:
            lines.append(b"content-length: " + lengths.pop())
        else:
            lines.append(b"connection: close")  # two framings: another reader may have seen another end
    return b"\r\n".join([status_line, *lines, b"", b""])
