"""The bytes of a streamed answer, as chunks: two kinds of event, their end, and the whole that they make."""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Mapping
from itertools import repeat
from typing import Any

import msgspec

from aixplain._wire.messages import IN_PROGRESS, SUCCESS, Usage
from aixplain._wire.open_records import remember
from aixplain._wire.records import parse, read
from aixplain._wire.redaction import redact, redact_data
from aixplain._wire.sse import ErrorData, EventDecoder, data_of_events
from aixplain._wire.statuses import is_success
from aixplain.v2._flow import TransportFailure, TransportTimeout
from aixplain.v2._records import ModelResult, StreamChunk
from aixplain.v2._streams.alternatives import Alternative
from aixplain.v2._streams.odd_events import (
    choices_of,
    failure_words,
    is_failed,
    odd_choice,
    odd_plain,
    text_beside_failure,
)
from aixplain.v2._streams.plain_texts import plain_texts
from aixplain.v2.enums import ResponseStatus
from aixplain.v2.exceptions import IncompleteStreamError, StreamFailedError, StreamTimeoutError

_GOES_ON = ResponseStatus.IN_PROGRESS
#: How the body of an event stream begins, and how that of one plain answer does.
_EVENT_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":")
_BODY_STARTS = (b"{", b"[")
_MARK = b"\xef\xbb\xbf"
#: What makes a chunk of plain text more than the fields of `StreamChunk`.
_ODD_NAMES = (b'"supplierError"', b'"reasoning', b'"thinking"')


class _Delta(msgspec.Struct):
    content: str | None = None
    function_call: None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: None = None
    refusal: None = None
    thinking: None = None
    tool_calls: list[dict[str, Any]] | None = None


_NOTHING = _Delta()


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None
    index: int = 0
    logprobs: Any = None

    @property
    def says_something(self) -> bool:
        """Whether the fields here have what the choice says; else it may be under a key that is rare."""
        delta = self.delta
        return (
            delta is not None
            and self.finish_reason is None
            and bool(delta.content or delta.tool_calls or delta.reasoning_content or delta.reasoning)
        )


class _Completion(msgspec.Struct):
    """An event in the shape of OpenAI."""

    choices: list[_Choice]
    status: str = IN_PROGRESS
    supplierError: None = None  # noqa: N815 - as the wire spells it
    usage: Usage | None = None
    usedCredits: float | None = None  # noqa: N815 - as the wire spells it


# Almost every event is read by one of these, straight into records; the rest takes the tolerant way.
_read_plain = msgspec.json.Decoder(StreamChunk).decode
_read_completion = msgspec.json.Decoder(_Completion).decode


class ChunkDecoder:
    """Turns the bytes of a stream into chunks, and knows whether it ended well.

    A stream is whole after `[DONE]`, a finish reason or a status of success; one that stops with none of these was cut.
    """

    def __init__(self, content_type: str = "text/event-stream", api_key: str | None = None) -> None:
        self._api_key = api_key
        self.ready: deque[StreamChunk] = deque()
        self.status = ResponseStatus.IN_PROGRESS
        self.done = False
        self.drains = False
        """The last event came, and the end of the body is still to be read."""
        self._events: EventDecoder | None = EventDecoder() if "json" not in content_type else None
        self._start: bytes | None = b""
        """What came before the first letter that tells an event stream from a plain answer; None once that is known."""
        self._recode = _recoder(content_type)
        self._body = io.BytesIO()
        """The whole body, when it is one plain answer."""
        self._first = Alternative()
        self._others: dict[int, Alternative] = {}
        self._data: Any = None
        """What a plain answer has, when that is no text."""
        self._usage: Usage | None = None
        self._credits: float | None = None
        self._failure: IncompleteStreamError | None = None
        self._texts: list[str] = []
        """Text of the first alternative that is not added to it yet."""
        self._saw_end = False
        self._end_status = SUCCESS
        """The service's own word for a good end."""

    def feed(self, piece: bytes) -> None:
        """Take bytes as they arrive; what they complete is in `ready`."""
        if self._recode is not None:
            piece = self._recode.decode(piece).encode()
        if self._start is not None:
            piece = self._sniff(self._start + piece)
        if self._events is None:
            self._body.write(piece)
        elif events := self._events.take(piece):
            self._take_events(events)

    def _sniff(self, start: bytes) -> bytes:
        """Tell an event stream from a plain answer by its first letter, as headers may be wrong; b"" while none is there."""
        text = start.removeprefix(_MARK).lstrip()
        if not text or any(mark.startswith(text) and mark != text for mark in (_MARK, *_EVENT_STARTS)):
            self._start = start
            return b""
        self._start = None
        if text.startswith(_BODY_STARTS):
            self._events = None
        elif self._events is None and text.startswith(_EVENT_STARTS):
            self._events = EventDecoder()
        return start

    def end(self) -> None:
        """The bytes are over."""
        if self._start:
            start, self._start = self._start, None
            self.feed(start)
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
        data = self.text if self._data is None else self._data
        return ModelResult(self._end_status, True, data=data, details=details, usage=self._usage, used_credits=self._credits)

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
        if index is None:
            self.ready.extend(map(StreamChunk, repeat(_GOES_ON), texts))  # a third faster than a comprehension
        else:
            self.ready.extend([StreamChunk(_GOES_ON, text, index=index) for text in texts])
        self._first.text.add(texts)

    def _take_all(self, events: list[bytes]) -> None:
        ready, texts = self.ready, self._texts
        for data in events:
            if self.done:
                break
            if data.strip() == b"[DONE]":
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
            else:
                self._data = chunk.data
            ready.append(chunk)
        if texts:
            self._first.text.add(texts)
            texts.clear()
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
        if b'"error' in data or type(data) is ErrorData:
            return self._odd_chunk(data)
        try:
            if b'"choices"' in data:
                event = _read_completion(data)
                if event.status == IN_PROGRESS and event.choices and all(each.says_something for each in event.choices):
                    return self._completion_chunk(event)
                return self._odd_chunk(data)
            if any(name in data for name in _ODD_NAMES):
                return self._odd_chunk(data)
            chunk = _read_plain(data)
        except (ValueError, RecursionError):
            return self._odd_chunk(data)
        if chunk.status is not _GOES_ON or type(chunk.data) is not str or not chunk.data or chunk.data == "[DONE]":
            return self._odd_chunk(data)
        return chunk

    def _completion_chunk(self, event: _Completion) -> StreamChunk:
        if event.usedCredits is not None:
            self._credits = event.usedCredits
        chunks = [_chunk_of(choice) for choice in event.choices]
        return self._first_of(chunks, event.usage)

    def _first_of(self, chunks: list[StreamChunk], usage: Usage | None) -> StreamChunk:
        """The first alternative's chunk; those of others that came in the same event are taken here."""
        if not chunks:
            return StreamChunk(usage=usage)
        if len(chunks) > 1:
            chunks.sort(key=_index_of)
            for chunk in chunks[1:]:
                self._take_beside(chunk, chunks[0])
        chunks[0].usage = usage
        return chunks[0]

    def _take_beside(self, chunk: StreamChunk, first: StreamChunk) -> None:
        if chunk.index == first.index:  # the same alternative, twice in one event
            first.data += chunk.data
            return
        self._note(chunk, b"")
        self._alternative(chunk).text.add([chunk.data])
        self.ready.append(chunk)

    # --- What is rare, or odd -----------------------------------------------------------------------

    def _odd_chunk(self, data: bytes) -> StreamChunk | None:
        try:
            value = parse(data)
        except msgspec.DecodeError:
            return self._from_lines(data, data.decode("utf-8", "replace"))
        if type(data) is ErrorData:
            self._fail(value if isinstance(value, dict) else {"error": value})
            return None
        if isinstance(value, dict):
            return self._from_object(value)
        text = value if isinstance(value, str) else data.decode("utf-8", "replace")
        if text.strip() == "[DONE]":
            self._finish()
            return None
        return StreamChunk(data=text)

    def _from_lines(self, data: bytes, text: str) -> StreamChunk | None:
        """An event that is not JSON: events of a service that leaves out the blank lines, or plain text."""
        if type(data) is ErrorData:
            self._fail({"error": text})
            return None
        lines = data.split(b"\n")
        if len(lines) > 1 and all(line.startswith((b"{", b"[DONE]")) for line in lines):
            self._take_all(lines)
            return None
        if len(lines) > 1 and lines[-1].strip() == b"[DONE]":
            self._take_all([b"\n".join(lines[:-1]), lines[-1]])
            return None
        return StreamChunk(data=text)

    def _from_object(self, value: dict[str, Any]) -> StreamChunk | None:
        if value.get("data") == "[DONE]":
            self._finish()
            return None
        choices = choices_of(value)
        if is_failed(value, choices):
            chunk = self._odd_completion(value, choices) if choices else text_beside_failure(value)
            self._fail(value, choices)
            return chunk  # what came beside the failure came before it
        is_plain = not choices and ("choices" not in value or value.get("data") is not None)
        chunk = odd_plain(value) if is_plain else self._odd_completion(value, choices or [])
        credits = value.get("usedCredits")
        self._credits = credits if isinstance(credits, int | float) else self._credits
        status = value.get("status")
        if isinstance(status, str) and is_success(status, value.get("completed")):
            self._saw_end, self._end_status = True, status
            chunk.status = ResponseStatus.SUCCESS
        return chunk

    def _odd_completion(self, value: dict[str, Any], choices: list[dict[str, Any]]) -> StreamChunk:
        chunks = []
        for choice in choices:
            chunk, refusal = odd_choice(choice)
            chunks.append(chunk)
            if refusal:
                self._alternative(chunk).refuse(refusal)
        usage = read(Usage, value["usage"]) if isinstance(value.get("usage"), dict) else None
        return self._first_of(chunks, usage)

    def _finish(self) -> None:
        self._saw_end = self.done = self.drains = True
        self.status = ResponseStatus.SUCCESS

    def _fail(self, value: dict[str, Any], choices: list[dict[str, Any]] | None = None) -> None:
        words = redact(failure_words(value, choices).encode("utf-8", "replace"), self._api_key).decode("utf-8", "replace")
        told = redact_data(value, self._api_key) if self._api_key else value
        self._failure = StreamFailedError(f"Operation failed: {words}", self.text, told)
        self.done = True
        self.status = ResponseStatus.FAILED


def _chunk_of(choice: _Choice) -> StreamChunk:
    delta = choice.delta or _NOTHING
    text, reasoning = delta.content or "", delta.reasoning_content or delta.reasoning
    return StreamChunk(
        _GOES_ON, text, delta.tool_calls, reasoning, None, choice.finish_reason, None, choice.index, choice.logprobs
    )


def _index_of(chunk: StreamChunk) -> int:
    return chunk.index or 0


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


def decoder_for(headers: Mapping[str, str], api_key: str | None = None) -> ChunkDecoder:
    """The decoder for an answer with these headers, whose errors don't show the key."""
    return ChunkDecoder(headers.get("content-type", "text/event-stream"), api_key)
