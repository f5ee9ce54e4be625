"""Streamed answers: bytes become chunks in one decoder, which the two streamers share."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Self

import msgspec

from aixplain._wire.errors import first_words
from aixplain._wire.messages import FAILED, SUCCESS, Usage
from aixplain._wire.records import read
from aixplain._wire.sse import EventDecoder
from aixplain.v2._flow import AsyncStream, Stream, TransportFailure
from aixplain.v2._records import StreamChunk
from aixplain.v2.enums import ResponseStatus
from aixplain.v2.exceptions import IncompleteStreamError, StreamFailedError

_json = msgspec.json.Decoder()
_FAILURES = (FAILED, "ABORTED", "CANCELED")


class ChunkDecoder:
    """Turns the bytes of a stream into chunks, and knows whether it ended well.

    A stream is whole after `[DONE]`, a finish reason or a SUCCESS; one that stops with none of these was cut.
    """

    def __init__(self, *, is_event_stream: bool = True) -> None:
        self.ready: deque[StreamChunk] = deque()
        self.status = ResponseStatus.IN_PROGRESS
        self.done = False
        self._events = EventDecoder() if is_event_stream else None
        self._whole = bytearray()
        self._text = bytearray()
        self._failure: StreamFailedError | None = None
        self._saw_end = False

    def feed(self, piece: bytes) -> None:
        """Take bytes as they arrive; what they complete is in `ready`."""
        if self._events is None:
            self._whole += piece
            return
        for data in self._events.feed(piece):
            self._take(data)

    def end(self) -> None:
        """The bytes are over."""
        for data in self._events.end() if self._events else [bytes(self._whole)]:
            self._take(data)
        self.done = True
        if self._failure is None:
            self.status = ResponseStatus.SUCCESS if self._saw_end else ResponseStatus.FAILED

    def raise_for_end(self) -> None:
        """Raise unless the stream ended well; called once all that is `ready` was read."""
        if self._failure is not None:
            raise self._failure
        if not self._saw_end:
            raise self.cut("it stopped without an end")

    def cut(self, reason: str) -> IncompleteStreamError:
        """The error for a stream that broke off."""
        self.done = True
        self.status = ResponseStatus.FAILED
        return IncompleteStreamError(
            f"The stream was cut: {reason}. `partial` of this error has the text that came; run it again for the rest.",
            self._text.decode("utf-8", "replace"),
        )

    def abandon(self) -> None:
        """The reader has had enough: nothing more is wanted, and nothing is missing."""
        self.ready.clear()
        self.done = self._saw_end = True

    def _take(self, data: bytes) -> None:
        if self.done:
            return
        if data == b"[DONE]":
            self._finish()
            return
        try:
            self._take_value(_json.decode(data))
        except msgspec.DecodeError:
            self._take_lines(data)

    def _take_lines(self, data: bytes) -> None:
        """An event that is no JSON: events of a service that leaves out the blank lines, or plain text."""
        lines = data.split(b"\n")
        if len(lines) > 1 and all(line.startswith((b"{", b"[DONE]")) for line in lines):
            for line in lines:
                self._take(line)
        else:
            self._add(StreamChunk(data=data.decode("utf-8", "replace")))

    def _take_value(self, value: Any) -> None:
        if not isinstance(value, dict):
            self._add(StreamChunk(data=value if isinstance(value, str) else _json_text(value)))
        elif value.get("data") == "[DONE]":
            self._finish()
        elif value.get("status") in _FAILURES or (value.get("error")):
            self._fail(value)
        else:
            self._take_chunk(value)

    def _take_chunk(self, value: dict[str, Any]) -> None:
        choices = value.get("choices")
        chunk = _openai_chunk(value, choices) if isinstance(choices, list) else _plain_chunk(value)
        self._saw_end = self._saw_end or chunk.finish_reason is not None or value.get("status") == SUCCESS
        if value.get("status") == SUCCESS:
            chunk.status = ResponseStatus.SUCCESS
        self._add(chunk)

    def _add(self, chunk: StreamChunk) -> None:
        self._text += str(chunk.data).encode("utf-8", "replace")
        self.ready.append(chunk)

    def _finish(self) -> None:
        self._saw_end = self.done = True
        self.status = ResponseStatus.SUCCESS

    def _fail(self, value: dict[str, Any]) -> None:
        words = first_words(value, "supplierError", "errorMessage", "error", "message")
        self._failure = StreamFailedError(
            f"Operation failed: {words or value.get('status')}", self._text.decode("utf-8", "replace"), value
        )
        self.done = True
        self.status = ResponseStatus.FAILED


def _plain_chunk(value: dict[str, Any]) -> StreamChunk:
    data = value.get("data")
    return StreamChunk(
        data="" if data is None else data,
        tool_calls=value.get("tool_calls"),
        reasoning_content=value.get("reasoning_content"),
        usage=_usage(value),
        finish_reason=value.get("finish_reason"),
    )


def _openai_chunk(value: dict[str, Any], choices: list[Any]) -> StreamChunk:
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    delta = choice.get("delta") or {}
    return StreamChunk(
        data=delta.get("content") or "",
        tool_calls=delta.get("tool_calls"),
        reasoning_content=delta.get("reasoning_content") or delta.get("reasoning"),
        usage=_usage(value),
        finish_reason=choice.get("finish_reason"),
    )


def _usage(value: dict[str, Any]) -> Usage | None:
    usage = value.get("usage")
    return read(Usage, usage) if isinstance(usage, dict) else None


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _decoder_for(body: Stream | AsyncStream) -> ChunkDecoder:
    kind = body.headers.get("content-type", "text/event-stream")
    return ChunkDecoder(is_event_stream="json" not in kind)


class ModelResponseStreamer(Iterator[StreamChunk]):
    """Yields the chunks of a streamed answer as they arrive; use it in `for`, or with `with` to close it early.

    After the last chunk `status` is SUCCESS. A cut stream raises `IncompleteStreamError`, a failed one
    `StreamFailedError`, after the chunks that came; both have their text as `partial`.
    """

    def __init__(self, response: Stream) -> None:
        self._body = response
        self._decoder = _decoder_for(response)

    @property
    def status(self) -> ResponseStatus:
        """IN_PROGRESS, then SUCCESS or FAILED."""
        return self._decoder.status

    def __iter__(self) -> Iterator[StreamChunk]:
        return self

    def __next__(self) -> StreamChunk:
        decoder = self._decoder
        while not decoder.ready:
            if decoder.done:
                self._body.close()
                decoder.raise_for_end()
                raise StopIteration
            self._read()
        return decoder.ready.popleft()

    def _read(self) -> None:
        try:
            piece = self._body.read()
        except TransportFailure as error:
            self._body.close()
            raise self._decoder.cut(str(error)) from error
        if piece is None:
            self._decoder.end()
        else:
            self._decoder.feed(piece)

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._decoder.abandon()
        self._body.close()

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

    async def open(self) -> Self:
        """Send the run, unless it was sent."""
        if self._body is None:
            self._body = await self._start()
            self._decoder = _decoder_for(self._body)
        return self

    def __aiter__(self) -> AsyncIterator[StreamChunk]:
        return self

    async def __anext__(self) -> StreamChunk:
        if not self._decoder.done:
            await self.open()
        decoder = self._decoder
        while not decoder.ready:
            if decoder.done:
                await self._let_go()
                decoder.raise_for_end()
                raise StopAsyncIteration
            await self._read()
        return decoder.ready.popleft()

    async def _read(self) -> None:
        assert self._body is not None  # opened by __anext__
        try:
            piece = await self._body.read()
        except TransportFailure as error:
            await self._let_go()
            raise self._decoder.cut(str(error)) from error
        if piece is None:
            self._decoder.end()
        else:
            self._decoder.feed(piece)

    async def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._decoder.abandon()
        await self._let_go()

    async def _let_go(self) -> None:
        if self._body is not None:
            await self._body.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
