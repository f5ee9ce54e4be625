"""Operations as generators, and the two drivers that run them.

An operation yields a step and is sent its answer: a `Response` for a `Request`, a `Stream` (or the
`Response` of a refusal) for an `Open`, the time for a `Sleep` or a `Now`. It never does I/O itself, so that one
implementation serves both colours and a test drives it with `send` alone:

    def ping() -> Operation[int]:
        response = yield Request("GET", "http://127.0.0.1/ping")
        return response.status

A step that fails is thrown into the operation, which may catch it; so is a cancellation, so that
`finally` runs. Time is a step too: one deadline covers requests, waits and polls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")

#: Bytes of a whole response, decompressed. Streams and downloads to the disk have no such bound.
MAX_RESPONSE_BYTES = 512 * 1024 * 1024

#: A generator of steps that ends with a T. Steps are answered by kind, which a type can't tell.
Operation = Generator["Step", Any, T]


class TransportFailure(Exception):
    """No answer came. `sent` is False when the request surely never reached the service."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class TransportTimeout(TransportFailure):
    """No answer came in the time that the request was given."""


class TransportRejected(TransportFailure):
    """The response is too large, or can't be decoded: sending the request again would end the same way."""


class TransportClosed(TransportFailure):
    """The transport was closed under the request."""


class Body(Protocol):
    """The content of a request that is read while it is sent, such as a file: it may be larger than the memory.

    It has to travel with a content-length of `size`, and without a transfer-encoding: many stores refuse any other.
    """

    @property
    def size(self) -> int:
        """How many bytes it has."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Its pieces, each time from the start. May block, and may raise."""
        ...


class Response(msgspec.Struct):
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Stream(Protocol):
    """The open body of an answer, read blocking."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, names in lower case."""
        ...

    def read(self) -> bytes | None:
        """The next bytes as they arrive; None at the end. Raises `TransportFailure`."""
        ...

    def close(self) -> None:
        """Let go of the connection. Safe to call twice."""
        ...


class AsyncStream(Protocol):
    """The open body of an answer, read on asyncio."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, names in lower case."""
        ...

    async def read(self) -> bytes | None:
        """The next bytes as they arrive; None at the end. Raises `TransportFailure`."""
        ...

    async def close(self) -> None:
        """Let go of the connection. Safe to call twice."""
        ...


class Transport(Protocol):
    """What the blocking driver needs of the world. Bring your own with `Aixplain(transport=…)`."""

    def request(self, request: Request) -> Response:
        """Send, and read the whole answer. Raises `TransportFailure`."""
        ...

    def stream(self, request: Request) -> Stream | Response:
        """Send, and open the answer's body; an answer of 400 and above is read whole."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def now(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class AsyncTransport(Protocol):
    """What the asyncio driver needs of the world. Bring your own with `AsyncAixplain(transport=…)`."""

    async def request(self, request: Request) -> Response:
        """Send, and read the whole answer. Raises `TransportFailure`."""
        ...

    async def stream(self, request: Request) -> AsyncStream | Response:
        """Send, and open the answer's body; an answer of 400 and above is read whole."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def now(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Step(msgspec.Struct):
    """One thing that an operation asks the world for."""

    def perform(self, transport: Transport) -> Any:
        """Do it, blocking."""
        raise NotImplementedError

    def aperform(self, transport: AsyncTransport) -> Awaitable[Any]:
        """Do it, on asyncio: what is to be awaited, with no coroutine around it that would only await in turn."""
        raise NotImplementedError


class Request(Step):
    """Send this and read the whole answer, within `timeout` seconds."""

    method: str
    url: str
    headers: dict[str, str] = {}
    content: bytes | Body | None = None
    timeout: float | None = None

    def perform(self, transport: Transport) -> Response:
        return transport.request(self)

    def aperform(self, transport: AsyncTransport) -> Awaitable[Response]:
        return transport.request(self)


class Open(Step):
    """Send the request and open the body of its answer."""

    request: Request

    def perform(self, transport: Transport) -> Stream | Response:
        return transport.stream(self.request)

    def aperform(self, transport: AsyncTransport) -> Awaitable[AsyncStream | Response]:
        return transport.stream(self.request)


class Sleep(Step):
    """Wait, then tell the time."""

    seconds: float

    def perform(self, transport: Transport) -> float:
        transport.sleep(self.seconds)
        return transport.now()

    async def aperform(self, transport: AsyncTransport) -> float:
        await transport.sleep(self.seconds)
        return transport.now()


class Now(Step):
    """Tell the time."""

    def perform(self, transport: Transport) -> float:
        return transport.now()

    async def aperform(self, transport: AsyncTransport) -> float:
        return transport.now()


def handled(operation: Operation[T], handle: Callable[[Step], Operation[Any]]) -> Operation[T]:
    """The operation, each of whose steps is taken by another one: it may watch the step, or take it otherwise."""
    answer: Any = None
    failure: BaseException | None = None
    while True:
        try:
            step = operation.throw(failure) if failure else operation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = failure = None
        try:
            answer = yield from handle(step)
        except BaseException as error:  # noqa: BLE001 - as for a driver
            failure = error


def drive(operation: Operation[T], transport: Transport) -> T:
    """Run an operation, blocking."""
    answer: Any = None
    failure: BaseException | None = None
    while True:
        try:
            step = operation.throw(failure) if failure else operation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = failure = None
        try:
            answer = step.perform(transport)
        except BaseException as error:  # noqa: BLE001 - a cancellation too is the operation's, whose `finally` must run
            failure = error


async def adrive(operation: Operation[T], transport: AsyncTransport) -> T:
    """Run an operation on asyncio."""
    answer: Any = None
    failure: BaseException | None = None
    while True:
        try:
            step = operation.throw(failure) if failure else operation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = failure = None
        try:
            answer = await step.aperform(transport)
        except BaseException as error:  # noqa: BLE001 - a cancellation too is the operation's, whose `finally` must run
            failure = error
