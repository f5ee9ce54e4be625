"""The first and the last that see a request: it gets an id, is counted, and the log tells of it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aixplain._wire.messages import KEEPS_KEYS
from aixplain.hub.endpoints import refused
from aixplain.hub.errors import Refusal
from aixplain.hub.forwarding import FORWARDED, Forwarding
from aixplain.hub.logs import trace_request
from aixplain.hub.metrics import Metrics

logger = logging.getLogger("aixplain.hub.requests")

REQUEST_ID = b"x-request-id"
NO_ROUTE = "(none)"
NO_ANSWER = 499
STOPPED = "The hub stopped before this request was done. Send it again, to a hub that goes on."
#: Gives the answer to a request that didn't go well.
OnError = Callable[[Scope, Exception], ASGIApp]
_ID = re.compile(rb"[\w.:/+=@-]{1,128}", re.ASCII)
#: Idempotency keys are honoured, so clients may send a request again.
_KEEPS_KEYS = (KEEPS_KEYS.encode(), b"true")


class Reception:
    """Every answer tells the id of its request, which is the caller's own when that is one, and that idempotency keys are kept.

    What was raised is answered here, by `on_error`, so that its answer and its line in the log have the id too.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, forwarding: Forwarding, on_error: OnError) -> None:
        self._app = app
        self._forwarding = forwarding
        self._on_error = on_error
        self._requests = metrics.requests
        self._prefix, self._numbers = os.urandom(6).hex().encode(), itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        id, is_forwarded = _look(scope)
        id = id or b"%s-%x" % (self._prefix, next(self._numbers))
        trace_request(id)

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), _KEEPS_KEYS, (REQUEST_ID, id)]
            await send(message)

        try:
            if is_forwarded or self._forwarding.is_below_prefix:
                self._forwarding.apply(scope, is_forwarded=is_forwarded)
            _tidy_path(scope)
            await self._app(scope, receive, told)
        except asyncio.CancelledError:  # the hub stops, and there was time enough: half an answer is broken off
            if not status:
                await refused(scope["path"], 503, STOPPED, {"retry-after": "1"})(scope, receive, told)
        except Exception as error:  # whatever was raised in here is answered by `on_error`, in one place
            if status:
                raise  # the server breaks the connection off, so that nobody takes what came for the whole
            await self._on_error(scope, error)(scope, receive, told)
        finally:
            self._over(scope, status or NO_ANSWER, time.perf_counter() - began)

    def _over(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        self._requests.observe((method, route, str(status)), seconds)
        if logger.isEnabledFor(logging.INFO):
            told = {"method": method, "route": route, "status": status, "seconds": round(seconds, 6)}
            if key := scope.get("key"):
                told["key"] = key.name
            logger.info("request", extra=told)


def _look(scope: Scope) -> tuple[bytes | None, bool]:
    """The id that the caller gave to its request, and whether a proxy says something of it."""
    id, is_forwarded = None, False
    for name, value in scope["headers"]:
        if name == REQUEST_ID and id is None and _ID.fullmatch(value):
            id = bytes(value)
        elif name.startswith(FORWARDED):
            is_forwarded = True
    return id, is_forwarded


def _tidy_path(scope: Scope) -> None:
    """Drop a slash at the end of the path, and refuse what no database keeps. Raises `Refusal`."""
    path = scope["path"]
    if path[-1:] == "/" and len(path) > 1 and path[-2] != "/":
        scope["path"] = path[:-1]
    if "\0" in path:
        raise Refusal(404, "There is nothing at this path: it has a NUL.")
    if b"%00" in scope["query_string"]:
        raise Refusal(400, "The query of this address has a NUL, which no value here has.")


def route_of(scope: Scope) -> str:
    """The template of the address: addresses are without number, and some of them secret."""
    route = scope.get("route")
    return NO_ROUTE if route is None else route.path_format
