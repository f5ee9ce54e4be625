"""The two streamers: chunks of a streamed answer as they arrive, blocking and on asyncio."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from aixplain.v2._flow import AsyncStream, Stream, TransportFailure
from aixplain.v2._records import ModelResult, StreamChunk
from aixplain.v2._streams.chunks import ChunkDecoder, decoder_for
from aixplain.v2._streams.drain import afinish, finish
from aixplain.v2.enums import ResponseStatus

if TYPE_CHECKING:
    import requests


class ModelResponseStreamer(Iterator[StreamChunk]):
    """Yields the chunks of a streamed answer as they arrive, in a `for` or with `with`.

    After the last chunk `status` is SUCCESS. A cut stream raises `IncompleteStreamError`, a failed one `StreamFailedError`,
    one that took too long `StreamTimeoutError`, after the chunks that came; each has their text as `partial`. Leaving the
    loop closes the connection.

    `response` is the open body of an answer; one of the library requests, made with `stream=True`, will do.
    """

    def __init__(self, response: Stream | requests.Response) -> None:
        self._body = _as_stream(response)
        self._decoder = decoder_for(self._body.headers)

    @property
    def status(self) -> ResponseStatus:
        """IN_PROGRESS, then SUCCESS or FAILED."""
        return self._decoder.status

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status.value!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: how far the stream was read. It reads nothing."""
        from aixplain.v2._notebook.results import stream_html

        return stream_html(self._decoder.status, self._decoder.text)

    def __iter__(self) -> Generator[StreamChunk, None, None]:
        # A generator, because it learns of it when the loop around it is left.
        ready = self._decoder.ready
        try:
            while True:
                while ready:
                    yield ready.popleft()
                if not self._read():
                    return
        finally:
            self.close()

    def __next__(self) -> StreamChunk:
        ready = self._decoder.ready
        while not ready:
            if not self._read():
                raise StopIteration
        return ready.popleft()

    def text(self) -> str:
        """The whole text, once it is here: what was read, and the rest. Raises as reading does."""
        return self.result().data  # type: ignore[no-any-return]

    def result(self) -> ModelResult:
        """The whole answer, once it is here, as a run without a stream gives it. Raises as reading does."""
        while self._read():
            self._decoder.ready.clear()
        return self._decoder.result()

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._decoder.abandon()
        self._let_go()

    def _let_go(self) -> None:
        if self._decoder.drains:
            self._decoder.drains = False
            finish(self._body)
        self._body.close()

    def _read(self) -> bool:
        """Read on; False at a good end. Raises at a bad one."""
        decoder = self._decoder
        if decoder.done:
            self._let_go()
            decoder.raise_for_end()
            return False
        try:
            piece = self._body.read()
        except TransportFailure as failure:
            decoder.break_off(failure)
            return True
        if piece is None:
            decoder.end()
        else:
            decoder.feed(piece)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncModelResponseStreamer(AsyncIterator[StreamChunk]):
    """`ModelResponseStreamer` for `async for` and `async with`. The run is sent when the first chunk is asked for."""

    def __init__(self, start: Callable[[], Awaitable[AsyncStream]]) -> None:
        self._start = start
        self._body: AsyncStream | None = None
        self._decoder = ChunkDecoder()

    @property
    def status(self) -> ResponseStatus:
        """IN_PROGRESS, then SUCCESS or FAILED."""
        return self._decoder.status

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status.value!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: how far the stream was read. It reads nothing."""
        from aixplain.v2._notebook.results import stream_html

        return stream_html(self._decoder.status, self._decoder.text)

    async def open(self) -> Self:
        """Send the run, unless it was sent."""
        if self._body is None:
            self._body = await self._start()
            self._decoder = decoder_for(self._body.headers)
        return self

    async def __aiter__(self) -> AsyncGenerator[StreamChunk, None]:
        try:
            while await self._read():
                ready = self._decoder.ready
                while ready:
                    yield ready.popleft()
        finally:
            await self.close()

    async def __anext__(self) -> StreamChunk:
        while not self._decoder.ready:
            if not await self._read():
                raise StopAsyncIteration
        return self._decoder.ready.popleft()

    async def text(self) -> str:
        """The whole text, once it is here: what was read, and the rest. Raises as reading does."""
        return (await self.result()).data  # type: ignore[no-any-return]

    async def result(self) -> ModelResult:
        """The whole answer, once it is here, as a run without a stream gives it. Raises as reading does."""
        while await self._read():
            self._decoder.ready.clear()
        return self._decoder.result()

    async def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._decoder.abandon()
        await self._let_go()

    async def _let_go(self) -> None:
        if self._body is None:
            return
        if self._decoder.drains:
            self._decoder.drains = False
            await afinish(self._body)
        await self._body.close()

    async def _read(self) -> bool:
        """Read on; False at a good end. Raises at a bad one."""
        if self._decoder.done:
            await self._let_go()
            self._decoder.raise_for_end()
            return False
        body = self._body or await self._start_now()
        try:
            piece = await body.read()
        except TransportFailure as failure:
            self._decoder.break_off(failure)
            return True
        if piece is None:
            self._decoder.end()
        else:
            self._decoder.feed(piece)
        return True

    async def _start_now(self) -> AsyncStream:
        self._body = await self._start()
        self._decoder = decoder_for(self._body.headers)
        return self._body

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _RequestsBody:
    """The open answer of the library requests, as a stream."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    def read(self) -> bytes | None:
        import requests  # loaded already, by whoever made the response
        from urllib3.exceptions import HTTPError

        try:
            # As much as has arrived; `iter_content` would wait for more.
            piece: bytes = self._response.raw.read1(65536, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise TransportFailure(f"the connection broke: {error}") from error
        return piece or None

    def close(self) -> None:
        self._response.close()


def _as_stream(response: Any) -> Stream:
    library = sys.modules.get("requests")
    if library is not None and isinstance(response, library.Response):
        return _RequestsBody(response)
    stream: Stream = response
    return stream
