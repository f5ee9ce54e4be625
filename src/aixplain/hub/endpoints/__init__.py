"""The outlets of the hub: one small file for each protocol. What they share is here."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from aixplain._wire.errors import write_error
from aixplain.hub.endpoints.openai.errors import openai_error
from aixplain.hub.store.keys import Key

T = TypeVar("T")
#: Where clients of OpenAI ask.
OPENAI = "/v1/"
#: The path of a file that a model made, as a whole value in JSON.
_FILE = re.compile(rb'"(/files/[\w-]{22}/[^"\\/]+")')


def json_response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer that is JSON already."""
    return Response(body, status, headers, media_type="application/json")


def with_addresses(body: bytes, root: str) -> bytes:
    """A result in which the files of this hub have whole addresses."""
    if b'"/files/' not in body:
        return body
    return _FILE.sub(lambda found: b'"' + root.encode() + found[1], body)


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to a request that is refused, in the protocol's shape."""
    return Response(write_error(status, message), status, headers, media_type="application/json")


def refused(path: str, status: int, message: str, headers: dict[str, str], error: Exception | None = None) -> Response:
    """The answer to a request that is refused because of this error, in the shape that callers of its path read."""
    if path.startswith(OPENAI):
        return openai_error(status, message, headers, error)
    return error_response(status, message, headers)


def retry_after(seconds: float | None) -> dict[str, str]:
    """The header that says when to come again, where that is known."""
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}


def key_of(request: Request) -> Key:
    """The record of the key that a request came with; on a hub without keys, that of anyone."""
    key: Key = request.scope["key"]
    return key


async def while_here(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; it is canceled when its caller goes away. For requests whose body was read, or that have none."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        """The body, which is of no interest."""
