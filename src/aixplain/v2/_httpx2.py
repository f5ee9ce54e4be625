"""The adapters over httpx2: for transports and mocks of httpx2's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from aixplain.v2._clock import AsyncClock, Clock
from aixplain.v2._flow import Request, Response, TransportClosed, TransportFailure, TransportTimeout

#: What httpx2 takes when nobody says anything. As a limit for the silence before an answer it would end most runs.
_USUAL = httpx2.Timeout(5.0)


class Httpx2Transport(Clock):
    """Sends requests with a client of httpx2: `Aixplain(transport=Httpx2Transport(httpx2.Client()))`.

    The client's timeouts count where they are shorter than the request's own, but for a read timeout that is httpx2's own
    default. Closing the one closes the other.
    """

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def request(self, request: Request) -> Response:
        with _told(request, self._client):
            return _whole(self._client.send(_built(self._client, request), follow_redirects=False))

    def stream(self, request: Request) -> Httpx2Stream | Response:
        with _told(request, self._client):
            answer = self._client.send(_built(self._client, request), stream=True, follow_redirects=False)
            if answer.status_code < 300:
                return Httpx2Stream(request, answer)
            with contextlib.closing(answer):
                answer.read()
            return _whole(answer)

    def close(self) -> None:
        self._client.close()


class Httpx2Stream:
    """The open body of an answer, blocking."""

    def __init__(self, request: Request, answer: httpx2.Response) -> None:
        self.headers: Mapping[str, str] = answer.headers
        self._request, self._answer, self._pieces = request, answer, answer.iter_bytes()

    def read(self) -> bytes | None:
        with _told(self._request):
            return next(self._pieces, None)

    def close(self) -> None:
        self._answer.close()


class AsyncHttpx2Transport(AsyncClock):
    """`Httpx2Transport` on asyncio, over an `httpx2.AsyncClient`, which serves one event loop."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def request(self, request: Request) -> Response:
        client = self._client
        with _told(request, client):
            return _whole(await client.send(_built(client, request), follow_redirects=False))

    async def stream(self, request: Request) -> AsyncHttpx2Stream | Response:
        client = self._client
        with _told(request, client):
            answer = await client.send(_built(client, request), stream=True, follow_redirects=False)
            if answer.status_code < 300:
                return AsyncHttpx2Stream(request, answer)
            async with contextlib.aclosing(answer):
                await answer.aread()
            return _whole(answer)

    async def close(self) -> None:
        await self._client.aclose()


class AsyncHttpx2Stream:
    """The open body of an answer, on asyncio."""

    def __init__(self, request: Request, answer: httpx2.Response) -> None:
        self.headers: Mapping[str, str] = answer.headers
        self._request, self._answer, self._pieces = request, answer, answer.aiter_bytes()

    async def read(self) -> bytes | None:
        with _told(self._request):
            return await anext(self._pieces, None)

    async def close(self) -> None:
        await self._answer.aclose()


def _built(client: Any, request: Request) -> httpx2.Request:
    left, usual = request.timeout, client.timeout
    read = left if usual == _USUAL else _shorter(usual.read, left)
    times = httpx2.Timeout(left, connect=_shorter(usual.connect, left), read=read)
    built: httpx2.Request = client.build_request(
        request.method, request.url, headers=request.headers, content=request.content, timeout=times
    )
    return built


def _shorter(one: float | None, other: float | None) -> float | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _whole(answer: httpx2.Response) -> Response:
    return Response(answer.status_code, answer.headers, answer.content)


@contextlib.contextmanager
def _told(request: Request, client: Any = None) -> Iterator[None]:
    """No exception of httpx2 reaches an operation."""
    origin = "/".join(request.url.split("/", 3)[:3])
    if client is not None and client.is_closed:
        raise TransportClosed("This client was closed, and the httpx2 client that it was given with it")
    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise TransportTimeout(f"{origin} took no connection in time", sent=False) from error
    except httpx2.TimeoutException as error:
        raise TransportTimeout(f"{origin} did not answer in time") from error
    except (httpx2.ConnectError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise TransportFailure(f"{origin} can't be reached: {error}", sent=False) from error
    except (httpx2.RequestError, httpx2.StreamError) as error:
        raise TransportFailure(f"{origin} broke the connection: {error or type(error).__name__}") from error
