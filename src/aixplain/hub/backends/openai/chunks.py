"""The events of a streamed completion: passed on as they came, read for the whole that they make."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from aixplain._wire.chat_content import text_of
from aixplain._wire.errors import first_words
from aixplain._wire.logprobs import merge_logprobs
from aixplain._wire.messages import Usage
from aixplain._wire.records import parse, read
from aixplain._wire.sse import ErrorData, EventDecoder, data_of_events
from aixplain._wire.tool_calls import merge_tool_calls
from aixplain.hub.backends import Output
from aixplain.hub.backends.openai.upstream import read_usage
from aixplain.hub.backends.partial import estimated_usage
from aixplain.hub.errors import NO_FIELDS, ErrorFields


class _Delta(msgspec.Struct):
    content: Any = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None
    tool_calls: list[dict[str, Any]] | dict[str, Any] | None = None
    extra_content: dict[str, Any] | None = None
    """What a vendor wants to have back in the next turn, such as the signature of its thoughts, by the vendor's name."""


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: msgspec.Raw = msgspec.Raw(b"")
    error: Any = None
    object: Any = None
    message: Any = None
    detail: Any = None
    code: Any = None


_read = msgspec.json.Decoder(_Chunk).decode
_NO_USAGE = (b"", b"null")


def _salvaged(data: bytes) -> _Chunk | None:
    """What can be read of a chunk with odd values; None for what is none."""
    try:
        told = parse(data)
        chunk = read(_Chunk, told)
        chunk.usage = msgspec.Raw(msgspec.json.encode(told.get("usage")))
    except (ValueError, RecursionError, AttributeError):
        return None
    return chunk


class StreamError(NamedTuple):
    """What a service says went wrong in a stream: its words, and what it tells programs."""

    words: str
    fields: ErrorFields = NO_FIELDS


def _error_of(chunk: _Chunk) -> StreamError:
    error = {"error": chunk.error, "message": chunk.message, "detail": chunk.detail}
    fields = ErrorFields.read(chunk.error if isinstance(chunk.error, dict) else {"code": chunk.code})
    return StreamError(first_words(error, "error", "message", "detail") or "it didn't say why", fields)


def has_token(events: bytes) -> bool:
    """Whether events have something of an answer: text, reasoning, a call or its end, and not only a role or a comment."""
    for data in data_of_events(events):
        try:
            chunk = _read(data)
        except (ValueError, RecursionError):
            return True
        for choice in chunk.choices:
            delta = choice.delta
            if choice.finish_reason or (delta is not None and any(getattr(delta, name) for name in delta.__struct_fields__)):
                return True
    return False


class Chunks:
    """Takes the bytes of a stream, gives its events to pass on, and knows the whole."""

    def __init__(self) -> None:
        self.is_done = False
        """Its last event came."""
        self.error: StreamError | None = None
        """What the service says went wrong in the middle."""
        self._events = EventDecoder()
        self._choices: dict[int, _Alternative] = {}
        self._usage: Usage | None = None

    def feed(self, piece: bytes) -> bytes:
        """The events that this piece completes, as they came; b"" for none."""
        events = self._events.take(piece)
        came = events[:-2].split(b"\n\n") if events else []
        kept = [event for event in came if all(map(self._is_passed_on, data_of_events(event)))]
        return events if len(kept) == len(came) else b"".join(event + b"\n\n" for event in kept)

    @property
    def is_whole(self) -> bool:
        """Whether it ended as a stream should."""
        return self.is_done or any(choice.finish_reason for choice in self._choices.values())

    def whole(self) -> Output:
        """What came, as the answer of a run without a stream."""
        details = [choice.detail(index) for index, choice in sorted(self._choices.items())]
        text = details[0]["message"]["content"] if details else ""
        return Output(text, details=details, usage=self._usage)

    def so_far(self, sent: Any) -> Output:
        """What came so far, with the usage that the service told, or else an estimate from what was sent and what came."""
        output = self.whole()
        if output.usage is None:
            output.usage = estimated_usage(sent, "".join(alternative.all_text() for alternative in self._choices.values()))
        return output

    def _is_passed_on(self, data: bytes) -> bool:
        """Whether a reader gets this event: not the end, what the stream used or an error, which are told otherwise."""
        if self.is_done or self.error is not None:
            return False
        if data == b"[DONE]":
            self.is_done = True
            return False
        try:
            chunk = _read(data)
        except (ValueError, RecursionError):
            salvaged = _salvaged(data)
            if salvaged is None:
                if type(data) is ErrorData:
                    self.error = StreamError(data.decode("utf-8", "replace"))
                    return False
                return True  # it is the reader's to understand
            chunk = salvaged
        if chunk.error is not None or type(data) is ErrorData:
            self.error = _error_of(chunk)
            return False
        for choice in chunk.choices:
            self._take(choice)
        usage = read_usage(chunk.usage)
        if usage is None:
            return bool(chunk.choices) or (bytes(chunk.usage) in _NO_USAGE and not self._is_error(chunk))
        self._usage = usage
        return bool(chunk.choices)

    def _is_error(self, chunk: _Chunk) -> bool:
        """Whether an event without choices is an error, as some services tell one: {"object": "error", "message": …}."""
        if chunk.object != "error" and chunk.detail is None:
            return False
        self.error = _error_of(chunk)
        return True

    def _take(self, choice: _Choice) -> None:
        alternative = self._choices.get(choice.index)
        if alternative is None:
            alternative = self._choices[choice.index] = _Alternative()
        if choice.finish_reason:
            alternative.finish_reason = choice.finish_reason
        if choice.logprobs is not None:
            alternative.logprobs.append(choice.logprobs)
        if choice.delta is not None:
            alternative.take(choice.delta)


class _Alternative:
    """One of the answers of a stream, as it grows."""

    __slots__ = ("_calls", "_details", "_extra", "_texts", "finish_reason", "logprobs")

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {"content": []}
        self._calls: list[dict[str, Any]] = []
        self._details: list[Any] = []
        self._extra: dict[str, Any] = {}
        self.finish_reason: str | None = None
        self.logprobs: list[Any] = []

    def take(self, delta: _Delta) -> None:
        if type(delta.content) is str:
            self._texts["content"].append(delta.content)
        elif delta.content:
            self._texts["content"].append(text_of(delta.content))
        for name in ("refusal", "reasoning_content", "reasoning"):
            if text := getattr(delta, name):
                self._texts.setdefault(name, []).append(text)
        calls = delta.tool_calls or ()
        self._calls += [calls] if isinstance(calls, dict) else calls
        self._details += delta.reasoning_details or ()
        for vendor, told in (delta.extra_content or {}).items():
            before = self._extra.get(vendor)
            self._extra[vendor] = before | told if isinstance(before, dict) and isinstance(told, dict) else told

    def all_text(self) -> str:
        """Everything that the model wrote, its reasoning and the arguments of its calls too."""
        texts = ["".join(parts) for parts in self._texts.values()]
        return "".join([*texts, *(str(call.get("function", {}).get("arguments", "")) for call in self._calls)])

    def detail(self, index: int) -> dict[str, Any]:
        """The answer as one of a run's details."""
        message: dict[str, Any] = {"role": "assistant", **{name: "".join(parts) for name, parts in self._texts.items()}}
        if self._calls:
            message["tool_calls"] = merge_tool_calls(self._calls)
        if self._details:
            message["reasoning_details"] = self._details
        if self._extra:
            message["extra_content"] = self._extra
        told = {"logprobs": merge_logprobs(self.logprobs), "finish_reason": self.finish_reason}
        return {"index": index, "message": message, **told}
