"""Transports of one's own: how a client's requests are sent.

A transport is given to a client as `Aixplain(transport=…)`. One that answers by itself, for a test that needs no service:

>>> class Canned(Clock):
...     def request(self, request: Request) -> Response:
...         if request.method == "GET":
...             return Response(200, {}, b'{"id": "1", "name": "Parrot", "connectionType": ["synchronous"]}')
...         return Response(200, {}, b'{"status": "SUCCESS", "completed": true, "data": "Hello!"}')
...
...     def stream(self, request: Request) -> Stream | Response:
...         return self.request(request)
...
...     def close(self) -> None:
...         pass

>>> from aixplain import Aixplain
>>> with Aixplain(backend_url="http://127.0.0.1:8180", transport=Canned()) as aix:
...     aix.Model.get("acme/parrot").run(text="Hello?").data
'Hello!'

`Httpx2Transport` and `AsyncHttpx2Transport` send with a client of httpx2, which brings transports, proxies and mocks of its
own (`pip install 'aixplain-models[httpx2]'`):

    Aixplain(transport=Httpx2Transport(httpx2.Client(proxy="http://127.0.0.1:8080")))

A transport raises `TransportFailure`, or a kind of it, when no answer comes, and nothing else: what is sent again, and what
its caller is told, is decided by the client. It keeps a request's `timeout`, in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aixplain.v2._clock import AsyncClock, Clock
from aixplain.v2._flow import (
    AsyncStream,
    AsyncTransport,
    Request,
    Response,
    Stream,
    Transport,
    TransportClosed,
    TransportFailure,
    TransportRejected,
    TransportTimeout,
)

if TYPE_CHECKING:
    from aixplain.v2._httpx2 import AsyncHttpx2Transport, Httpx2Transport

__all__ = [
    "AsyncClock",
    "AsyncHttpx2Transport",
    "AsyncStream",
    "AsyncTransport",
    "Clock",
    "Httpx2Transport",
    "Request",
    "Response",
    "Stream",
    "Transport",
    "TransportClosed",
    "TransportFailure",
    "TransportRejected",
    "TransportTimeout",
]


def __getattr__(name: str) -> Any:
    """The adapters are loaded when one is named: httpx2 need not be there."""
    if name not in ("AsyncHttpx2Transport", "Httpx2Transport"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aixplain.v2 import _httpx2

    return getattr(_httpx2, name)
