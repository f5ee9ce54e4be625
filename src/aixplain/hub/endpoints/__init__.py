"""The outlets of the hub: one small file for each protocol. What they share is here."""

from __future__ import annotations

from starlette.responses import Response

from aixplain._wire.errors import write_error


def json_response(body: bytes, status: int = 200) -> Response:
    """An answer that is JSON already."""
    return Response(body, status, media_type="application/json")


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to a request that is refused, in the protocol's shape."""
    return Response(write_error(status, message), status, headers, media_type="application/json")
