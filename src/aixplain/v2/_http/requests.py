"""A request as the bytes that travel."""

from __future__ import annotations

from aixplain.v2._flow import Body, Request, TransportFailure
from aixplain.v2._http.routes import Target

_TELLS_LENGTH = frozenset({"POST", "PUT", "PATCH"})


def head_of(request: Request, target: Target) -> bytes:
    """Everything before the content. Raises `TransportFailure` for a header that can't travel."""
    lines = [f"{request.method} {target.asked} HTTP/1.1\r\nhost: {target.host_header}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += target.proxy_headers
    content = request.content
    if content is not None or request.method in _TELLS_LENGTH:
        lines.append(f"content-length: {0 if content is None else _size(content)}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) or head.count("\r") != len(lines) or "\0" in head:
        raise TransportFailure("A header of the request has a line break or a NUL, which no header can carry", sent=False)
    try:
        return head.encode("latin-1") + b"\r\n\r\n"
    except UnicodeEncodeError as error:
        letter = head[error.start]
        raise TransportFailure(
            f"A header of the request has {letter!a}, and headers carry latin-1 alone", sent=False
        ) from error


def _size(content: bytes | Body) -> int:
    return len(content) if isinstance(content, bytes) else content.size
