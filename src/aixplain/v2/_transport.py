"""The two adapters over the HTTP library, pyreqwest: one blocking, one on asyncio. Nothing else here knows it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

# Loaded here and not when first raised: a Ctrl-C during that import inside the library ends the process.
import pyreqwest.exceptions as http_errors
from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import ResponseBodyReader, SyncResponseBodyReader

from aixplain.v2._flow import Request, Response, TransportFailure, TransportTimeout
from aixplain.v2._interrupt import Aside, in_main_thread, interruptible

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


def _failure(request: Request, error: http_errors.PyreqwestError) -> TransportFailure:
    """No exception of the HTTP library reaches an operation, and no address' query reaches a message."""
    origin = "/".join(request.url.split("/", 3)[:3])
    if isinstance(error, http_errors.RequestTimeoutError):
        connecting = isinstance(error, http_errors.ConnectTimeoutError | http_errors.PoolTimeoutError)
        return TransportTimeout(f"{origin} did not answer in time", sent=not connecting)
    if isinstance(error, http_errors.ConnectError):
        return TransportFailure(f"{origin} can't be reached: {_reason(error)}", sent=False)
    if isinstance(error, http_errors.BuilderError):
        return TransportFailure(f"{origin} is no address to send to: {_reason(error)}", sent=False)
    return TransportFailure(f"{origin} broke the connection: {_reason(error)}")


def _reason(error: http_errors.PyreqwestError) -> str:
    causes = error.details["causes"] if isinstance(error, http_errors.DetailedPyreqwestError) else None
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
        try:
            with interruptible(self.close):
                answer = _fill(client.request(request.method, request.url), request).build().send()
            return Response(answer.status, answer.headers, answer.bytes().to_bytes())
        except http_errors.PyreqwestError as error:
            raise _failure(request, error) from error

    def stream(self, request: Request) -> PyreqwestStream | Response:
        client = self._open_client()
        try:
            builder = _fill(client.request(request.method, request.url), request)
            opened = builder.streamed_read_buffer_limit(0).build_streamed()
            with interruptible(self.close):
                answer = opened.__enter__()
            stream = PyreqwestStream(request, opened, answer.body_reader, answer.headers)
            if answer.status < 300:
                return stream
            with contextlib.closing(stream), interruptible(self.close):
                return Response(answer.status, answer.headers, answer.bytes().to_bytes())
        except http_errors.PyreqwestError as error:
            raise _failure(request, error) from error

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def now(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            client.close()


class PyreqwestStream:
    """The open body of an answer, blocking.

    The library gives up no read of a body, and closes none before its read is over. So the main thread has its reads made
    aside, where a Ctrl-C doesn't wait for them, and a read that goes on closes what was left meanwhile.
    """

    def __init__(
        self, request: Request, opened: SyncStreamRequest, reader: SyncResponseBodyReader, headers: Mapping[str, str]
    ) -> None:
        self.headers = headers
        self._request, self._reader = request, reader
        self._opened: SyncStreamRequest | None = opened
        self._aside = Aside() if in_main_thread() else None
        self._lock = threading.Lock()
        self._is_reading = self._is_left = False

    def read(self) -> bytes | None:
        try:
            chunk = self._aside.wait_for(self._read) if self._aside is not None and in_main_thread() else self._read()
        except http_errors.PyreqwestError as error:
            raise _failure(self._request, error) from error
        return None if chunk is None else chunk.to_bytes()

    def _read(self) -> Bytes | None:
        self._is_reading = True
        try:
            return self._reader.read_chunk()
        finally:
            with self._lock:
                self._is_reading = False
                if self._is_left:
                    self._end()

    def close(self) -> None:
        with self._lock:
            self._is_left = True
            if not self._is_reading:
                self._end()

    def _end(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        opened.__exit__(None, None, None)
        if self._aside is not None:
            self._aside.end()


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
        try:
            answer = await _fill(client.request(request.method, request.url), request).build().send()
            return Response(answer.status, answer.headers, (await answer.bytes()).to_bytes())
        except http_errors.PyreqwestError as error:
            raise _failure(request, error) from error

    async def stream(self, request: Request) -> AsyncPyreqwestStream | Response:
        client = self._open_client()
        try:
            builder = _fill(client.request(request.method, request.url), request)
            opened = builder.streamed_read_buffer_limit(0).build_streamed()
            answer = await opened.__aenter__()
            stream = AsyncPyreqwestStream(request, opened, answer.body_reader, answer.headers)
            if answer.status < 300:
                return stream
            try:
                return Response(answer.status, answer.headers, (await answer.bytes()).to_bytes())
            finally:
                await stream.close()
        except http_errors.PyreqwestError as error:
            raise _failure(request, error) from error

    async def sleep(self, seconds: float) -> None:
        import asyncio  # slow to import, and loaded by whoever awaits this

        await asyncio.sleep(seconds)

    def now(self) -> float:
        return time.monotonic()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            await client.close()


class AsyncPyreqwestStream:
    """The open body of an answer, on asyncio."""

    def __init__(self, request: Request, opened: StreamRequest, reader: ResponseBodyReader, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._request, self._reader = request, reader
        self._opened: StreamRequest | None = opened

    async def read(self) -> bytes | None:
        try:
            chunk = await self._reader.read_chunk()
        except http_errors.PyreqwestError as error:
            raise _failure(self._request, error) from error
        return None if chunk is None else chunk.to_bytes()

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.__aexit__(None, None, None)
