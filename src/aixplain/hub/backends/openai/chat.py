"""Chat models of a service that speaks OpenAI."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from aixplain.hub.backends import ModelError, OnProgress, Output, Piece
from aixplain.hub.backends.openai.chunks import Chunks, text_of
from aixplain.hub.backends.openai.messages import completion_request
from aixplain.hub.backends.openai.upstream import OpenAnswer, Upstream, read_usage
from aixplain.hub.backends.service import Service

PATH = "/chat/completions"
#: Asks for a last event that tells what a stream used.
TELLS_USAGE = {"stream_options": {"include_usage": True}}


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

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        request = completion_request(self._model, inputs)
        answer = await self._upstream.post(PATH, msgspec.json.encode(request))
        return completion(self._upstream, answer.content)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The events as they come, and then the whole of them. Raises `ModelError`."""
        answer = await self._opened(completion_request(self._model, inputs) | {"stream": True})
        try:
            if not answer.is_events:
                output = completion(self._upstream, await _read_whole(answer))
                yield output.data
                yield output
                return
            chunks = Chunks()
            while not chunks.is_done and (piece := await answer.read()) is not None:
                if events := chunks.feed(piece):
                    yield events
                if chunks.error is not None:
                    raise self._upstream.failed(chunks.error)
            if not chunks.is_whole:
                raise self._upstream.failed("its answer stopped without an end.")
            await answer.finish()
            yield chunks.whole()
        finally:
            await answer.close()

    async def _opened(self, request: dict[str, Any]) -> OpenAnswer:
        """The stream. Some services refuse to be asked what it used: they are asked without, and from then on at once."""
        upstream = self._upstream
        if upstream.tells_usage is not False:
            try:
                answer = await upstream.open(PATH, msgspec.json.encode(request | TELLS_USAGE))
            except ModelError as error:
                if error.status != 400 or upstream.tells_usage:
                    raise
            else:
                upstream.tells_usage = True
                return answer
        answer = await upstream.open(PATH, msgspec.json.encode(request))
        upstream.tells_usage = False
        return answer


async def _read_whole(answer: OpenAnswer) -> bytes:
    pieces = []
    while (piece := await answer.read()) is not None:
        pieces.append(piece)
    return b"".join(pieces)


def completion(upstream: Service, body: bytes) -> Output:
    """A completion as the answer of a run: its alternatives are the details, as they came. Raises `ModelError`."""
    found = upstream.decoded(body, _Completion, "no completion")
    if not found.choices:
        raise upstream.failed("its answer has no choices.")
    content = upstream.decoded(bytes(found.choices[0]), _Choice, "no completion").message.content
    text = text_of(content) if content is None or isinstance(content, list) else content
    return Output(text, details=list(found.choices), usage=read_usage(found.usage))
