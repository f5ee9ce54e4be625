"""The two streamers: chunks of a streamed answer as they arrive, blocking and on asyncio."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

from aixplain.v2._flow import AsyncStream, Stream, TransportFailure
from aixplain.v2._records import ModelResult, StreamChunk
from aixplain.v2._streams.chunks import ChunkDecoder, decoder_for
from aixplain.v2._streams.drain import afinish, finish
from aixplain.v2._streams.sources import LineSource, as_stream
from aixplain.v2.enums import ResponseStatus
from aixplain.v2.exceptions import ResourceError


class ModelResponseStreamer(Iterator[StreamChunk]):
    """Iterate over the chunks of a streamed answer as they arrive.

    It is a single iterator: `next`, a loop after a `break`, and `list` continue where the one before stopped. After the last
    chunk `status` is SUCCESS. A cut stream raises `IncompleteStreamError`, a failed one `StreamFailedError`, one that took too
    long `StreamTimeoutError`, after the chunks that came; each has their text as `partial`. The connection is closed at the
    end, by `close()`, by leaving a `with`, and when the streamer is garbage. Threads that read one stream get disjoint chunks.

    Args:
        response: The open body of an answer, or any object with `iter_lines()` and `close()`, such as a response of the
            library requests that was made with `stream=True`.
        api_key: The key that the run was sent with: no error shows it.
    """

    def __init__(self, response: Stream | LineSource, *, api_key: str | None = None) -> None:
        self._body = as_stream(response)
        self._decoder = decoder_for(self._body.headers, api_key)
        self._reading = threading.RLock()
        self._is_read = False

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

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamChunk:
        while True:
            try:
                return self._decoder.ready.popleft()
            except IndexError:  # cheaper than a look before each chunk
                if not self._read():
                    raise StopIteration from None

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
        """Read more, unless another thread has; False at a good end. Raises at a bad one."""
        with self._reading:
            if self._decoder.ready:
                return True
            if self._is_read:  # by this very thread, which would wait for itself
                raise ResourceError(
                    "This stream is being read, and a signal handler or a callback of that read reads it again."
                )
            self._is_read = True
            try:
                return self._read_more()
            finally:
                self._is_read = False

    def _read_more(self) -> bool:
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
    """Iterate over the chunks of a streamed answer with `async for`, as `ModelResponseStreamer` does with `for`.

    The run is sent when the first chunk is asked for. One task at a time reads it; another one gets a `ResourceError`.
    """

    def __init__(self, start: Callable[[], Awaitable[AsyncStream]], *, api_key: str | None = None) -> None:
        self._is_read = False
        self._start = start
        self._api_key = api_key
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
            await self._start_now()
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamChunk:
        while True:
            try:
                return self._decoder.ready.popleft()
            except IndexError:  # cheaper than a look before each chunk
                if not await self._read():
                    raise StopAsyncIteration from None

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

    async def aclose(self) -> None:
        """Close the connection: the name that `contextlib.aclosing` calls."""
        await self.close()

    async def _let_go(self) -> None:
        if self._body is None:
            return
        if self._decoder.drains:
            self._decoder.drains = False
            await afinish(self._body)
        await self._body.close()

    async def _read(self) -> bool:
        """Read more; False at a good end. Raises at a bad one, and where another task is reading."""
        if self._is_read:
            raise ResourceError(
                "Another task is reading this stream. Read it in one task, and hand the chunks on, as with an asyncio.Queue."
            )
        self._is_read = True
        try:
            return await self._read_more()
        finally:
            self._is_read = False

    async def _read_more(self) -> bool:
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
        self._decoder = decoder_for(self._body.headers, self._api_key)
        return self._body

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
