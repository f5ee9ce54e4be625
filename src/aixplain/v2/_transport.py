"""The two adapters over the HTTP library, pyreqwest: one blocking, one on asyncio. Nothing else here knows it.

A transport belongs to one process. The library runs its requests in a thread of its own, which a forked child doesn't have:
whoever owns the transport makes a new one there, and never touches the inherited one again, whose sockets are the parent's.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple, TypeVar

# Loaded here and not when first raised: a Ctrl-C during that import inside the library ends the process.
import pyreqwest.exceptions as http_errors
from pyreqwest.bytes import Bytes
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.request import RequestBuilder, StreamRequest, SyncRequestBuilder, SyncStreamRequest
from pyreqwest.response import ResponseBodyReader, SyncResponseBodyReader

from aixplain.v2._clock import AsyncClock, Clock
from aixplain.v2._flow import Request, Response, TransportClosed, TransportFailure, TransportTimeout
from aixplain.v2._interrupt import Aside, in_main_thread, interruptible, release, retain

#: An idle connection is dropped sooner than a server drops it (uvicorn: 5 s; most balancers: 60 s).
KEEP_IDLE = timedelta(seconds=4)

BuilderT = TypeVar("BuilderT", ClientBuilder, SyncClientBuilder)
RequestBuilderT = TypeVar("RequestBuilderT", RequestBuilder, SyncRequestBuilder)


class Options(NamedTuple):
    """How connections are made. `direct` passes by the proxies that the environment names; times are in seconds."""

    direct: bool = False
    connect_timeout: float = 10.0
    read_timeout: float | None = None


def _configure(builder: BuilderT, options: Options) -> BuilderT:
    """Redirects are the operations' business: the library would carry the key along."""
    builder = builder.follow_redirects(False).referer(False).pool_idle_timeout(KEEP_IDLE)
    builder = builder.connect_timeout(timedelta(seconds=options.connect_timeout))
    if options.read_timeout is not None:
        builder = builder.read_timeout(timedelta(seconds=options.read_timeout))
    return builder.no_proxy() if options.direct else builder


def _fill(builder: RequestBuilderT, request: Request) -> RequestBuilderT:
    builder = builder.headers(request.headers)
    if request.content is not None:
        builder = builder.body_bytes(request.content)
    if request.timeout is not None:
        builder = builder.timeout(timedelta(seconds=max(request.timeout, 0.001)))
    return builder


class _Call(NamedTuple):
    """A request under way, and what a failure of it means. `began` is a time of the clock."""

    request: Request
    options: Options
    began: float

    def failure(self, error: http_errors.PyreqwestError) -> TransportFailure:
        """No exception of the HTTP library reaches an operation, and no address' query reaches a message."""
        origin = "/".join(self.request.url.split("/", 3)[:3])
        if isinstance(error, http_errors.ClientClosedError):
            return TransportClosed(f"This client was closed while a request to {origin} was under way")
        if isinstance(error, http_errors.RequestTimeoutError):
            return self._timeout(error, origin)
        if isinstance(error, http_errors.ConnectError):
            hint = " (SSL_CERT_FILE names an authority of your own)" if "certificate" in _reason(error) else ""
            return TransportFailure(f"{origin} can't be reached: {_reason(error)}{hint}", sent=False)
        if isinstance(error, http_errors.BuilderError):
            return TransportFailure(f"{origin} is no address to send to: {_reason(error)}", sent=False)
        return TransportFailure(f"{origin} broke the connection: {_reason(error)}")

    def _timeout(self, error: http_errors.RequestTimeoutError, origin: str) -> TransportTimeout:
        """Which of the three times is up. By its type alone, every timeout before an answer is one of the connection."""
        if "client error (Connect)" in _causes(error):
            seconds = self.options.connect_timeout
            return TransportTimeout(f"{origin} took no connection within {seconds:g} seconds (connect_timeout)", sent=False)
        is_time_left = self.request.timeout is None or time.monotonic() - self.began < self.request.timeout
        if self.options.read_timeout is not None and is_time_left:
            return TransportTimeout(f"{origin} said nothing for {self.options.read_timeout:g} seconds (read_timeout)")
        return TransportTimeout(f"{origin} did not answer in time")


def _causes(error: http_errors.PyreqwestError) -> list[str]:
    causes = error.details["causes"] if isinstance(error, http_errors.DetailedPyreqwestError) else None
    return [cause["message"] for cause in causes or ()]


def _reason(error: http_errors.PyreqwestError) -> str:
    return (_causes(error) or [error.message])[-1]


class PyreqwestTransport(Clock):
    """Blocking. Raises `RuntimeError` in a process whose parent and grandparent have both had one."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - a tuple
        self._options = options
        self._lock = threading.Lock()
        self._closed = False
        self._client: SyncClient | None = self._build()

    def _build(self) -> SyncClient:
        try:
            client = _configure(SyncClientBuilder(), self._options).build()
        except RuntimeError:  # the library's thread stayed in the parent; the library can have a second one
            client = _configure(SyncClientBuilder(), self._options).runtime_multithreaded(True).build()
        retain()
        return client

    def _open_client(self) -> SyncClient:
        client = self._client
        if client is None:
            with self._lock:
                if self._closed:
                    raise TransportClosed("This client was closed while a call was under way")
                client = self._client = self._client or self._build()
        return client

    def request(self, request: Request) -> Response:
        client = self._open_client()
        began = time.monotonic()
        try:
            with interruptible(self.interrupt):
                answer = _fill(client.request(request.method, request.url), request).build().send()
            return Response(answer.status, answer.headers, answer.bytes().to_bytes())
        except http_errors.PyreqwestError as error:
            raise _Call(request, self._options, began).failure(error) from error

    def stream(self, request: Request) -> PyreqwestStream | Response:
        client = self._open_client()
        call = _Call(request, self._options, time.monotonic())
        try:
            builder = _fill(client.request(request.method, request.url), request)
            opened = builder.streamed_read_buffer_limit(0).build_streamed()
            with interruptible(self.interrupt):
                answer = opened.__enter__()
            stream = PyreqwestStream(call, opened, answer.body_reader, answer.headers)
            if answer.status < 300:
                return stream
            with contextlib.closing(stream), interruptible(self.interrupt):
                return Response(answer.status, answer.headers, answer.bytes().to_bytes())
        except http_errors.PyreqwestError as error:
            raise call.failure(error) from error

    def apart(self) -> PyreqwestTransport:
        """One like this with connections of its own, which can be closed without harm to other calls."""
        return PyreqwestTransport(self._options)

    def interrupt(self) -> None:
        """End every request that is under way; the next one opens connections anew."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
            release()

    def close(self) -> None:
        self._closed = True
        self.interrupt()


class PyreqwestStream:
    """The open body of an answer, blocking.

    The library gives up no read of a body, and closes none before its read is over. So the main thread has its reads made
    aside, where a Ctrl-C doesn't wait for them, and a read that goes on closes what was left meanwhile.
    """

    def __init__(
        self, call: _Call, opened: SyncStreamRequest, reader: SyncResponseBodyReader, headers: Mapping[str, str]
    ) -> None:
        self.headers = headers
        self._call, self._reader = call, reader
        self._opened: SyncStreamRequest | None = opened
        self._process = os.getpid()
        self._aside = Aside() if in_main_thread() else None
        if self._aside is not None:
            weakref.finalize(self, self._aside.end)  # also when nobody closes the stream
        self._lock = threading.Lock()
        self._is_reading = self._is_left = False

    def read(self) -> bytes | None:
        if self._process != os.getpid():
            raise _not_ours()
        try:
            chunk = self._aside.wait_for(self._read) if self._aside is not None and in_main_thread() else self._read()
        except http_errors.PyreqwestError as error:
            raise self._call.failure(error) from error
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
        if self._process != os.getpid():
            return
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


def _not_ours() -> TransportFailure:
    return TransportFailure("this stream was opened before the process forked, and belongs to the parent")


class AsyncPyreqwestTransport(AsyncClock):
    """On asyncio, on as many loops as there are. Raises `RuntimeError` where `PyreqwestTransport` does."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 - a tuple
        self._options = options
        self._client = self._build()

    def _build(self) -> Client:
        _end_in_peace()
        try:
            return _configure(ClientBuilder(), self._options).build()
        except RuntimeError:  # as above
            return _configure(ClientBuilder(), self._options).runtime_multithreaded(True).build()

    async def request(self, request: Request) -> Response:
        began = time.monotonic()
        try:
            answer = await _fill(self._client.request(request.method, request.url), request).build().send()
            return Response(answer.status, answer.headers, (await answer.bytes()).to_bytes())
        except http_errors.PyreqwestError as error:
            raise _Call(request, self._options, began).failure(error) from error

    async def stream(self, request: Request) -> AsyncPyreqwestStream | Response:
        call = _Call(request, self._options, time.monotonic())
        try:
            builder = _fill(self._client.request(request.method, request.url), request)
            opened = builder.streamed_read_buffer_limit(0).build_streamed()
            answer = await opened.__aenter__()
            stream = AsyncPyreqwestStream(call, opened, answer.body_reader, answer.headers)
            if answer.status < 300:
                return stream
            try:
                return Response(answer.status, answer.headers, (await answer.bytes()).to_bytes())
            finally:
                await stream.close()
        except http_errors.PyreqwestError as error:
            raise call.failure(error) from error

    async def close(self) -> None:
        await self._client.close()


@functools.cache
def _end_in_peace() -> None:
    atexit.register(_wait_for_the_library)


def _wait_for_the_library() -> None:
    """Before this process ends, let the library's thread come back from the loop that it woke last.

    That loop has its answer as soon as it is woken, and the program may be over by then; a thread that is still inside
    Python when Python ends aborts the process. Python knows it by its frame alone, since Python didn't start it.
    """
    ours = {thread.ident for thread in threading.enumerate()}
    time.sleep(0.005)
    for _ in range(100):
        if sys._current_frames().keys() <= ours:
            return
        time.sleep(0.001)


class AsyncPyreqwestStream:
    """The open body of an answer, on asyncio."""

    def __init__(self, call: _Call, opened: StreamRequest, reader: ResponseBodyReader, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._call, self._reader = call, reader
        self._opened: StreamRequest | None = opened
        self._process = os.getpid()

    async def read(self) -> bytes | None:
        if self._process != os.getpid():
            raise _not_ours()
        try:
            chunk = await self._reader.read_chunk()
        except http_errors.PyreqwestError as error:
            raise self._call.failure(error) from error
        return None if chunk is None else chunk.to_bytes()

    async def close(self) -> None:
        if self._opened is not None and self._process == os.getpid():
            opened, self._opened = self._opened, None
            await opened.__aexit__(None, None, None)
