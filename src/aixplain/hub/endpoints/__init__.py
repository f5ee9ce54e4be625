"""The outlets of the hub: one small file for each protocol. What they share is here."""

from __future__ import annotations

import math

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from aixplain._wire.errors import write_error
from aixplain.hub.endpoints.openai.errors import openai_error
from aixplain.hub.store.keys import Key

#: Where clients of OpenAI ask.
OPENAI = "/v1/"
#: Seconds after which a caller is told to come again, at most.
LONGEST_RETRY = 31 * 24 * 3600
_JSON = [(b"content-type", b"application/json")]


class JsonResponse(Response):
    """An answer that is JSON already: what Starlette looks at in others is known of it."""

    def __init__(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.status_code, self.body, self.background = status, body, None
        further = [] if headers is None else [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.raw_headers = [*_JSON, (b"content-length", b"%d" % len(body)), *further]


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to a request that is refused, in the protocol's shape."""
    return JsonResponse(write_error(status, message), status, headers)


def refused(path: str, status: int, message: str, headers: dict[str, str], error: Exception | None = None) -> Response:
    """The answer to a request that is refused because of this error, in the shape that callers of its path read."""
    if path.startswith(OPENAI):
        return openai_error(status, message, headers, error)
    return error_response(status, message, headers)


def retry_after(seconds: float | None) -> dict[str, str]:
    """The header that says when to come again, where that is known: what others told may be no number, or out of all reason."""
    if seconds is None or not seconds >= 0:
        return {}
    return {"retry-after": str(math.ceil(min(seconds, LONGEST_RETRY)))}


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of this name, in small letters; None when there is none. Starlette looks five times as long."""
    for each, value in scope["headers"]:
        if each == name:
            found: str = value.decode("latin-1")
            return found
    return None


def key_of(request: Request) -> Key:
    """The record of the key that a request came with; on a hub without keys, that of anyone."""
    key: Key = request.scope["key"]
    return key
