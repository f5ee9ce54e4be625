"""The two adapters over the HTTP library, pyreqwest: one blocking, one on asyncio. Nothing else here knows it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TypeVar

# Loaded here and not when first raised: a Ctrl-C during that import inside the library ends the process.
import pyreqwest.exceptions as http_errors
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import BaseResponse, ResponseBodyReader, SyncResponseBodyReader

from aixplain.v2._flow import Request, Response, TransportFailure, TransportTimeout
from aixplain.v2._interrupt import interruptible

CONNECT_TIMEOUT = timedelta(seconds=10)
#: An idle connection is dropped sooner than a server drops it (uvicorn: 5 s; most balancers: 60 s).
KEEP_IDLE = timedelta(seconds=4)

BuilderT = TypeVar("BuilderT", ClientBuilder, SyncClientBuilder)
RequestBuilderT = TypeVar("RequestBuilderT", RequestBuilder, SyncRequestBuilder)


def _configure(builder: BuilderT, *, direct: bool) -> BuilderT:
    """Redirects are the operations' business: the library would carry the key along."""
    builder = builder.follow_redirects(False).referer(False).connect_timeout(CONNECT_TIMEOUT)
    builder = builder.pool_idle_timeout(KEEP_IDLE)
    return builder.no_proxy() if direct else builder


def _fill(builder: RequestBuilderT, request: Request) -> RequestBuilderT:
    builder = builder.headers(request.headers)
    if request.content is not None:
        builder = builder.body_bytes(request.content)
    if request.timeout is not None:
        builder = builder.timeout(timedelta(seconds=max(request.timeout, 0.001)))
    return builder


def _headers(response: BaseResponse) -> Mapping[str, str]:
    return dict(response.headers)


@contextlib.contextmanager
def _translated(request: Request) -> Iterator[None]:
    """No exception of the HTTP library reaches an operation, and no address' query reaches a message."""
    try:
        yield
    except http_errors.RequestTimeoutError as error:
        connecting = isinstance(error, http_errors.ConnectTimeoutError | http_errors.PoolTimeoutError)
        raise TransportTimeout(f"{_origin(request)} did not answer in time", sent=not connecting) from error
    except http_errors.RequestError as error:
        connecting = isinstance(error, http_errors.ConnectError)
        what = "can't be reached" if connecting else "broke the connection"
        raise TransportFailure(f"{_origin(request)} {what}: {_reason(error)}", sent=not connecting) from error
    except http_errors.BuilderError as error:
        raise TransportFailure(f"{_origin(request)} is no address to send to: {_reason(error)}", sent=False) from error


def _origin(request: Request) -> str:
    return "/".join(request.url.split("/", 3)[:3])


def _reason(error: http_errors.DetailedPyreqwestError) -> str:
    causes = error.details["causes"]
    return causes[-1]["message"] if causes else error.message


class PyreqwestTransport:
    """Blocking. Made on first use, and anew in a forked child, whose parent keeps its connections."""

    def __init__(self, *, direct: bool = False) -> None:
        self._direct = direct
        self._client: SyncClient | None = None
        self._process = 0

    def _open_client(self) -> SyncClient:
        if self._client is None or self._process != os.getpid():
            self._client = _configure(SyncClientBuilder(), direct=self._direct).build()
            self._process = os.getpid()
        return self._client

    def request(self, request: Request) -> Response:
        client = self._open_client()
        with _translated(request), interruptible(self.close):
            answer = _fill(client.request(request.method, request.url), request).build().send()
            return Response(answer.status, _headers(answer), answer.bytes().to_bytes())

    def stream(self, request: Request) -> PyreqwestStream | Response:
        builder = _fill(self._open_client().request(request.method, request.url), request)
        opened = builder.streamed_read_buffer_limit(0).build_streamed()
        with _translated(request), interruptible(self.close):
            answer = opened.__enter__()
            if answer.status < 300:
                return PyreqwestStream(request, opened, answer.body_reader, _headers(answer))
            with contextlib.closing(PyreqwestStream(request, opened, answer.body_reader, {})):
                return Response(answer.status, _headers(answer), answer.bytes().to_bytes())

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def now(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            client.close()


class PyreqwestStream:
    """The open body of an answer, blocking."""

    def __init__(
        self, request: Request, opened: SyncStreamRequest, reader: SyncResponseBodyReader, headers: Mapping[str, str]
    ) -> None:
        self.headers = headers
        self._request, self._reader = request, reader
        self._opened: SyncStreamRequest | None = opened

    def read(self) -> bytes | None:
        with _translated(self._request):
            chunk = self._reader.read_chunk()
        return None if chunk is None else chunk.to_bytes()

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.__exit__(None, None, None)


class AsyncPyreqwestTransport:
    """On asyncio. Made on first use, and anew in a forked child."""

    def __init__(self, *, direct: bool = False) -> None:
        self._direct = direct
        self._client: Client | None = None
        self._process = 0

    def _open_client(self) -> Client:
        if self._client is None or self._process != os.getpid():
            self._client = _configure(ClientBuilder(), direct=self._direct).build()
            self._process = os.getpid()
        return self._client

    async def request(self, request: Request) -> Response:
        client = self._open_client()
        with _translated(request):
            answer = await _fill(client.request(request.method, request.url), request).build().send()
            return Response(answer.status, _headers(answer), (await answer.bytes()).to_bytes())

    async def stream(self, request: Request) -> AsyncPyreqwestStream | Response:
        builder = _fill(self._open_client().request(request.method, request.url), request)
        opened = builder.streamed_read_buffer_limit(0).build_streamed()
        with _translated(request):
            answer = await opened.__aenter__()
            stream = AsyncPyreqwestStream(request, opened, answer.body_reader, _headers(answer))
            if answer.status < 300:
                return stream
            try:
                return Response(answer.status, stream.headers, (await answer.bytes()).to_bytes())
            finally:
                await stream.close()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def now(self) -> float:
        return time.monotonic()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            await client.close()


class AsyncPyreqwestStream:
    """The open body of an answer, on asyncio."""

    def __init__(
        self, request: Request, opened: StreamRequest, reader: ResponseBodyReader, headers: Mapping[str, str]
    ) -> None:
        self.headers = headers
        self._request, self._reader = request, reader
        self._opened: StreamRequest | None = opened

    async def read(self) -> bytes | None:
        with _translated(self._request):
            chunk = await self._reader.read_chunk()
        return None if chunk is None else chunk.to_bytes()

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.__aexit__(None, None, None)
