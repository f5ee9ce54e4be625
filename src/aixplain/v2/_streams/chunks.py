"""The bytes of a streamed answer, as chunks: two kinds of event, their end, and the whole that they make."""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from aixplain._wire.errors import first_words
from aixplain._wire.messages import FAILED, IN_PROGRESS, SUCCESS, Usage
from aixplain._wire.open_records import remember
from aixplain._wire.records import parse, read
from aixplain._wire.sse import EventDecoder, data_of_events
from aixplain.v2._flow import TransportFailure, TransportTimeout
from aixplain.v2._records import ModelResult, StreamChunk
from aixplain.v2._streams.alternatives import Alternative
from aixplain.v2._streams.plain_texts import plain_texts
from aixplain.v2.enums import ResponseStatus
from aixplain.v2.exceptions import IncompleteStreamError, StreamFailedError, StreamTimeoutError

_GOES_ON = ResponseStatus.IN_PROGRESS
_FAILURES = (FAILED, "ABORTED", "CANCELED")


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


_NOTHING = _Delta()


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None
    index: int = 0
    logprobs: Any = None


class _Completion(msgspec.Struct):
    """An event in the shape of OpenAI."""

    choices: list[_Choice]
    usage: Usage | None = None
    status: str = IN_PROGRESS
    usedCredits: float | None = None  # noqa: N815 - as the wire spells it


# Almost every event is read by one of these, straight into records; the rest takes the tolerant way.
_read_plain = msgspec.json.Decoder(StreamChunk).decode
_read_completion = msgspec.json.Decoder(_Completion).decode


class ChunkDecoder:
    """Turns the bytes of a stream into chunks, and knows whether it ended well.

    A stream is whole after `[DONE]`, a finish reason or a SUCCESS; one that stops with none of these was cut.
    """

    def __init__(self, content_type: str = "text/event-stream") -> None:
        self.ready: deque[StreamChunk] = deque()
        self.status = ResponseStatus.IN_PROGRESS
        self.done = False
        self.drains = False
        """The last event came, and the end of the body is still to be read."""
        self._events = EventDecoder() if "json" not in content_type else None
        self._recode = _recoder(content_type)
        self._body = io.BytesIO()
        """The whole body, when it is one plain answer."""
        self._first = Alternative()
        self._others: dict[int, Alternative] = {}
        self._usage: Usage | None = None
        self._credits: float | None = None
        self._failure: IncompleteStreamError | None = None
        self._saw_end = False

    def feed(self, piece: bytes) -> None:
        """Take bytes as they arrive; what they complete is in `ready`."""
        if self._recode is not None:
            piece = self._recode.decode(piece).encode()
        if self._events is None:
            self._body.write(piece)
        elif events := self._events.take(piece):
            self._take_events(events)

    def end(self) -> None:
        """The bytes are over."""
        self._take_all([self._body.getvalue()] if self._events is None else self._events.end())
        self.done = True
        if self._failure is None:
            self.status = ResponseStatus.SUCCESS if self._saw_end else ResponseStatus.FAILED

    def break_off(self, failure: TransportFailure) -> None:
        """The connection is lost. That takes nothing away from a stream that was whole."""
        self.end()
        if not self._saw_end and self._failure is None:
            self._failure = self._cut(failure)
            self._failure.__cause__ = failure

    def raise_for_end(self) -> None:
        """Raise unless the stream ended well; called once all that is `ready` was read."""
        if self._failure is not None:
            raise self._failure
        if not self._saw_end:
            raise self._cut("it stopped without an end")

    def abandon(self) -> None:
        """The reader has had enough: nothing more is wanted, and nothing is missing."""
        self.ready.clear()
        self.done = self._saw_end = True

    @property
    def text(self) -> str:
        """The text that came so far."""
        return str(self._first.text)

    def result(self) -> ModelResult:
        """What came so far, as the answer that a run without a stream gives."""
        details = [each.detail(index) for index, each in sorted({0: self._first, **self._others}.items())]
        return ModelResult(SUCCESS, True, data=self.text, details=details, usage=self._usage, used_credits=self._credits)

    def _cut(self, reason: object) -> IncompleteStreamError:
        self.done = True
        self.status = ResponseStatus.FAILED
        kind = StreamTimeoutError if isinstance(reason, TransportTimeout) else IncompleteStreamError
        return kind(
            f"The stream was cut: {reason}. `partial` of this error has the text that came; run it again for the rest.",
            self.text,
        )

    def _take_events(self, events: bytes) -> None:
        read = None if self.done else plain_texts(events)
        if read is None:
            self._take_all(data_of_events(events))
            return
        texts, index = read
        self.ready.extend([StreamChunk(_GOES_ON, text, index=index) for text in texts])
        self._first.text.add(texts)

    def _take_all(self, events: list[bytes]) -> None:
        ready, texts = self.ready, []
        for data in events:
            if self.done:
                break
            if data == b"[DONE]":
                self._finish()
                break
            chunk = self._chunk(data)
            if chunk is None:
                continue
            if chunk.tool_calls or chunk.reasoning_content or chunk.usage or chunk.finish_reason or chunk.logprobs:
                self._note(chunk, data)
            if type(chunk.data) is str:
                if chunk.index:
                    self._alternative(chunk).text.add([chunk.data])
                else:
                    texts.append(chunk.data)
            ready.append(chunk)
        if texts:
            self._first.text.add(texts)
            if self._failure is not None:
                self._failure.partial = self.text

    def _note(self, chunk: StreamChunk, data: bytes) -> None:
        self._alternative(chunk).take(chunk)
        if chunk.usage is not None:
            self._usage = chunk.usage
            remember(chunk.usage, parse(data)["usage"])
        if chunk.finish_reason:
            self._saw_end = all(each.is_over for each in (self._first, *self._others.values()))

    def _alternative(self, chunk: StreamChunk) -> Alternative:
        return self._others.setdefault(chunk.index, Alternative()) if chunk.index else self._first

    def _chunk(self, data: bytes) -> StreamChunk | None:
        """One event; None when it is no chunk but an end."""
        if b'"error' in data:
            return self._odd_chunk(data)
        try:
            if b'"choices"' in data:
                return self._completion_chunk(_read_completion(data))
            chunk = _read_plain(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._odd_chunk(data)
        if chunk.status is not _GOES_ON or chunk.data is None or chunk.data == "[DONE]":
            return self._odd_chunk(data)
        return chunk

    def _completion_chunk(self, event: _Completion) -> StreamChunk:
        self._saw_end = self._saw_end or event.status == SUCCESS
        if event.usedCredits is not None:
            self._credits = event.usedCredits
        choices = event.choices if len(event.choices) < 2 else self._take_beside(event.choices)
        return _chunk_of(choices[0] if choices else None, event.usage)

    def _take_beside(self, choices: list[_Choice]) -> list[_Choice]:
        """Take what an event tells of other alternatives than the first of them, and give that one."""
        first, *others = sorted(choices, key=lambda choice: choice.index)
        for choice in others:
            if choice.index:
                chunk = _chunk_of(choice, None)
                self._note(chunk, b"")
                self._alternative(chunk).text.add([chunk.data])
                self.ready.append(chunk)
        return [first]

    # --- What is rare, or odd -----------------------------------------------------------------------

    def _odd_chunk(self, data: bytes) -> StreamChunk | None:
        text = data.decode("utf-8", "replace")
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return self._from_lines(data, text)
        if isinstance(value, str):
            return StreamChunk(data=value)
        return self._from_object(value) if isinstance(value, dict) else StreamChunk(data=text)

    def _from_lines(self, data: bytes, text: str) -> StreamChunk | None:
        """An event that is no JSON: events of a service that leaves out the blank lines, or plain text."""
        lines = data.split(b"\n")
        if len(lines) == 1 or not all(line.startswith((b"{", b"[DONE]")) for line in lines):
            return StreamChunk(data=text)
        self._take_all(lines)
        return None

    def _from_object(self, value: dict[str, Any]) -> StreamChunk | None:
        if value.get("data") == "[DONE]":
            self._finish()
            return None
        if value.get("status") in _FAILURES or value.get("error"):
            self._fail(value)
            return None
        credits = value.get("usedCredits")
        self._credits = credits if isinstance(credits, int | float) else self._credits
        choices = value.get("choices")
        chunk = self._odd_completion(value, choices) if isinstance(choices, list) else _odd_plain(value)
        if value.get("status") == SUCCESS:
            self._saw_end = True
            chunk.status = ResponseStatus.SUCCESS
        return chunk

    def _odd_completion(self, value: dict[str, Any], told: list[Any]) -> StreamChunk:
        choices = [read(_Choice, choice) for choice in told if isinstance(choice, dict)]
        choices = choices if len(choices) < 2 else self._take_beside(choices)
        usage = read(Usage, value["usage"]) if isinstance(value.get("usage"), dict) else None
        return _chunk_of(choices[0] if choices else None, usage)

    def _finish(self) -> None:
        self._saw_end = self.done = self.drains = True
        self.status = ResponseStatus.SUCCESS

    def _fail(self, value: dict[str, Any]) -> None:
        words = first_words(value, "supplierError", "errorMessage", "error", "message")
        self._failure = StreamFailedError(f"Operation failed: {words or value.get('status')}", self.text, value)
        self.done = True
        self.status = ResponseStatus.FAILED


def _odd_plain(value: dict[str, Any]) -> StreamChunk:
    chunk = read(StreamChunk, {name: each for name, each in value.items() if name != "status"})
    chunk.data = "" if chunk.data is None else chunk.data
    return chunk


def _chunk_of(choice: _Choice | None, usage: Usage | None) -> StreamChunk:
    if choice is None:
        return StreamChunk(usage=usage)
    delta = choice.delta or _NOTHING
    text, reasoning = delta.content or "", delta.reasoning_content or delta.reasoning
    told = choice.finish_reason, None, choice.index, choice.logprobs
    return StreamChunk(_GOES_ON, text, delta.tool_calls, reasoning, usage, *told)


def _recoder(content_type: str) -> codecs.IncrementalDecoder | None:
    """A decoder for the charset that the headers name; None for UTF-8, and for a charset that nobody knows."""
    _, named, charset = content_type.lower().partition("charset=")
    charset = charset.split(";")[0].strip(" \"'")
    if not named or charset in ("utf-8", "utf8", "us-ascii"):
        return None
    try:
        return codecs.getincrementaldecoder(charset)("replace")
    except LookupError:
        return None


def decoder_for(headers: Mapping[str, str]) -> ChunkDecoder:
    """The decoder for an answer with these headers."""
    return ChunkDecoder(headers.get("content-type", "text/event-stream"))
