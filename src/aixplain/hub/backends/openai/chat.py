"""Chat models of a service that speaks OpenAI."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from aixplain._wire.chat_content import text_of
from aixplain._wire.errors import read_error
from aixplain._wire.records import parse
from aixplain.hub.backends import CHAT_COMPLETION, ModelError, OnProgress, Output, Piece
from aixplain.hub.backends.openai.chunks import Chunks
from aixplain.hub.backends.openai.messages import completion_request
from aixplain.hub.backends.openai.upstream import OpenAnswer, Upstream, read_usage
from aixplain.hub.backends.partial import estimated_usage, report_partial
from aixplain.hub.backends.service import Service

PATH = "/chat/completions"
#: Asks for a last event that tells what a stream used.
TELLS_USAGE = {"stream_options": {"include_usage": True}}


#: Seconds after which a service that refused `stream_options` is asked with them again: it may have been updated.
RELEARN_SECONDS = 600.0


class _Message(msgspec.Struct):
    content: Any = None


class _Choice(msgspec.Struct):
    message: _Message = msgspec.field(default_factory=_Message)


class _Completion(msgspec.Struct):
    choices: list[msgspec.Raw]
    usage: msgspec.Raw = msgspec.Raw(b"")


class ChatBackend:
    """Answers with a model of an upstream."""

    def __init__(self, upstream: Upstream, model: str) -> None:
        self._upstream = upstream
        self._model = model
        self._takes_stream_options: bool | None = None
        """Whether this model lets itself be asked what a stream used; None until it was."""
        self._ask_again_at = 0.0

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        request = completion_request(self._model, inputs)
        report_partial(lambda: Output(None, usage=estimated_usage(request["messages"], "")))
        answer = await self._upstream.post(PATH, msgspec.json.encode(request))
        return completion(self._upstream, answer.content)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The events as they come, and then the whole of them. Raises `ModelError`."""
        request, chunks = completion_request(self._model, inputs), Chunks()
        report_partial(lambda: chunks.so_far(request["messages"]))
        answer = await self._opened(request | {"stream": True})
        try:
            first = await _first_bytes(answer)
            if not _is_events(first, answer.is_events):
                output = completion(self._upstream, first + await _read_whole(answer))
                yield output.data
                yield output
                return
            piece: bytes | None = first
            while piece is not None:
                if events := chunks.feed(piece):
                    yield events
                if chunks.error is not None:
                    raise self._upstream.stream_failed(chunks.error)
                piece = None if chunks.is_done else await answer.read()
            if not chunks.is_whole:
                raise self._upstream.failed("its answer stopped without an end.")
            await answer.finish()
            yield chunks.whole()
        finally:
            await answer.close()

    async def _opened(self, request: dict[str, Any]) -> OpenAnswer:
        """The stream. Some models refuse to be asked what it used: they are asked without, and for a while at once."""
        if self._takes_stream_options is not False or time.monotonic() >= self._ask_again_at:
            try:
                answer = await self._upstream.open(PATH, msgspec.json.encode(request | TELLS_USAGE))
            except ModelError as error:
                is_about_it = "stream_options" in str(error) or "include_usage" in str(error)
                if error.status != 400 or (self._takes_stream_options and not is_about_it):
                    raise
            else:
                self._takes_stream_options = True
                return answer
        answer = await self._upstream.open(PATH, msgspec.json.encode(request))
        self._takes_stream_options, self._ask_again_at = False, time.monotonic() + RELEARN_SECONDS
        return answer


async def _first_bytes(answer: OpenAnswer) -> bytes:
    """The beginning of an answer, up to its first letter."""
    first = b""
    while not first.removeprefix(b"\xef\xbb\xbf").strip() and (piece := await answer.read()) is not None:
        first += piece
    return first


def _is_events(first: bytes, is_said: bool) -> bool:
    """Whether an answer is a stream of events. What it looks like counts more than its content type says."""
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return False
    return is_said or start.startswith((b"data:", b"event:", b"id:", b":"))


async def _read_whole(answer: OpenAnswer) -> bytes:
    pieces = []
    while (piece := await answer.read()) is not None:
        pieces.append(piece)
    return b"".join(pieces)


def completion(upstream: Service, body: bytes) -> Output:
    """A completion as the answer of a run: its alternatives are the details, as they came. Raises `ModelError`.

    What the service tells beside them, such as citations, is the raw data.
    """
    if _is_events(body, is_said=False):  # a service that streams whatever it is asked for
        return _of_events(upstream, body)
    try:
        found = msgspec.json.decode(body, type=_Completion)
        fields = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        fields = _salvaged(upstream, body)
        found = _Completion([msgspec.Raw(msgspec.json.encode(each)) for each in fields.get("choices") or []])
        found.usage = msgspec.Raw(msgspec.json.encode(fields.get("usage")))
    if not found.choices:
        raise upstream.failed(read_error(body)[0] or "its answer has no choices.")
    content = upstream.decoded(bytes(found.choices[0]), _Choice, "no completion").message.content
    text = content if isinstance(content, str) else text_of(content)
    raw = {"object": CHAT_COMPLETION} | {name: each for name, each in fields.items() if name not in ("choices", "usage")}
    return Output(text, raw | {"object": CHAT_COMPLETION}, details=list(found.choices), usage=read_usage(found.usage))


def _salvaged(upstream: Service, body: bytes) -> dict[str, Any]:
    """What can be read of a completion with odd values, such as NaN. Raises `ModelError`."""
    try:
        fields = parse(body)
    except (ValueError, RecursionError) as error:
        raise upstream.failed(read_error(body)[0] or "what it answered is no completion.") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("choices"), list):
        raise upstream.failed(read_error(body)[0] or "what it answered is no completion.")
    told = {name: each for name, each in fields.items() if _is_writable(each)}
    if "choices" not in told:
        raise upstream.failed("its answer is nested too deeply.")
    return told


def _is_writable(value: Any) -> bool:
    """Whether a value can be passed on: one can be nested deeper than JSON is written here."""
    try:
        msgspec.json.encode(value)
    except RecursionError:
        return False
    return True


def _of_events(upstream: Service, body: bytes) -> Output:
    chunks = Chunks()
    chunks.feed(body + b"\n\n")
    if chunks.error is not None:
        raise upstream.stream_failed(chunks.error)
    if not chunks.is_whole:
        raise upstream.failed("its answer stopped without an end.")
    return chunks.whole()
