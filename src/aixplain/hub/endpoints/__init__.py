"""The outlets of the hub: one small file for each protocol. What they share is here."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from aixplain._wire.errors import write_error
from aixplain.hub.endpoints.openai.errors import openai_error
from aixplain.hub.store.keys import Key

T = TypeVar("T")
#: What takes less is not watched for callers who go away.
PROMPT_SECONDS = 0.02
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


async def while_here(request: Request, work: Awaitable[T]) -> T:
    """What the work gives; it is canceled when its caller goes away. For requests whose body was read, or that have none."""
    watch = _Watch(request)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.saw_it_leave():
            raise ClientDisconnect from None
        raise
    finally:
        watch.end()


class _Watch:
    """Cancels the task that made it when the caller of a request leaves; what is done in a moment costs no task more."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._watched = asyncio.current_task()
        self._leaving: asyncio.Task[None] | None = None
        self._begins = asyncio.get_running_loop().call_later(PROMPT_SECONDS, self._begin)

    def saw_it_leave(self) -> bool:
        """Whether this is why the task was canceled, and nothing else."""
        left = self._leaving is not None and self._leaving.done() and not self._leaving.cancelled()
        return left and self._watched is not None and self._watched.uncancel() == 0

    def end(self) -> None:
        """Look no more."""
        self._begins.cancel()
        self._watched = None
        if self._leaving is not None:
            self._leaving.cancel()

    def _begin(self) -> None:
        self._leaving = asyncio.ensure_future(_left(self._request))
        self._leaving.add_done_callback(self._cancel)

    def _cancel(self, leaving: asyncio.Task[None]) -> None:
        if self._watched is not None and not leaving.cancelled():
            self._watched.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        """The body, which is of no interest."""
