"""Steps that touch this machine: what blocks, such as reading a disk, done beside the loop on asyncio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from aixplain.v2._flow import AsyncStream, AsyncTransport, Step, Stream, Transport, TransportTimeout

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

#: Bytes that a sink is given at a time, on asyncio: each time is a hop to a thread.
BLOCK = 256 * 1024
NOT_DONE = "this machine was not done in time"


class Sink(Protocol):
    """Where the body of an answer goes, such as a file. Its methods may block."""

    def begin(self, headers: Mapping[str, str]) -> None:
        """Take the answer's headers, before the first bytes."""
        ...

    def write(self, content: bytes) -> None:
        """Take the next bytes."""
        ...

    def end(self) -> None:
        """The body is whole."""
        ...


class Pour(Step):
    """Read the open body of an answer to its end into a sink, and close it however that ends."""

    stream: Any
    sink: Any

    def perform(self, transport: Transport) -> None:
        stream: Stream = self.stream
        sink: Sink = self.sink
        try:
            sink.begin(stream.headers)
            while (piece := stream.read()) is not None:
                sink.write(piece)
            sink.end()
        finally:
            stream.close()

    async def aperform(self, transport: AsyncTransport) -> None:
        from asyncio import to_thread  # slow to import, and loaded by whoever awaits this

        stream: AsyncStream = self.stream
        sink: Sink = self.sink
        block = bytearray()
        try:
            await to_thread(sink.begin, stream.headers)
            while (piece := await stream.read()) is not None:
                block += piece
                if len(block) >= BLOCK:
                    await to_thread(sink.write, bytes(block))
                    block.clear()
            await to_thread(sink.write, bytes(block))
            await to_thread(sink.end)
        finally:
            await stream.close()


class Work(Step):
    """Do what blocks on this machine, such as reading a disk; on asyncio beside the loop.

    Raises `TransportTimeout` when it isn't done in `timeout` seconds. It can't be stopped: it ends by itself, unattended.
    """

    call: Callable[[], Any]
    timeout: float

    def perform(self, transport: Transport) -> Any:
        future = _beside(self.call)
        try:
            return future.result(self.timeout)
        except TimeoutError as error:
            if future.done():  # the call's own
                raise
            raise TransportTimeout(NOT_DONE) from error

    async def aperform(self, transport: AsyncTransport) -> Any:
        import asyncio

        future = asyncio.wrap_future(_beside(self.call))
        try:
            done, _ = await asyncio.wait([future], timeout=self.timeout)
        finally:
            future.cancel()  # nothing, when it is done
        if not done:
            raise TransportTimeout(NOT_DONE)
        return future.result()


def _beside(call: Callable[[], T]) -> Future[T]:
    """Call it in a thread of its own, which doesn't keep the process from ending as those of a pool do."""
    from concurrent.futures import Future  # slow to import, and few operations need it
    from threading import Thread

    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)

    future.set_running_or_notify_cancel()
    Thread(target=run, name="aixplain-work", daemon=True).start()
    return future
