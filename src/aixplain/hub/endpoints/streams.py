"""Answers in pieces, as server-sent events of either shape."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from aixplain._wire.messages import FAILED
from aixplain._wire.sse import DONE, encode_event
from aixplain.hub.execution import RAISED, failure_of
from aixplain.hub.service import Pieces


class EventStream(StreamingResponse):
    """The pieces of an answer as events. However it ends, also by a reader who goes away, the model's work is closed."""

    def __init__(self, answer: Pieces) -> None:
        self._events = _events(answer)
        super().__init__(self._events, media_type="text/event-stream", headers={"cache-control": "no-cache"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Plain asyncio, because Starlette's own way cancels again at each `await` of a model's clean-up.
        async with contextlib.aclosing(self._events), asyncio.TaskGroup() as group:
            sending = group.create_task(self.stream_response(send))
            leaving = group.create_task(self.listen_for_disconnect(receive))
            sending.add_done_callback(lambda _: leaving.cancel())
            leaving.add_done_callback(lambda _: sending.cancel())


async def _events(answer: Pieces) -> AsyncGenerator[bytes, None]:
    chunks = _RawChunks(answer.entry.path) if answer.raw else _DataChunks()
    async with contextlib.aclosing(answer.pieces) as pieces:
        try:
            async for piece in pieces:
                yield encode_event(chunks.piece(piece))
        except RAISED as error:  # a model that fails half-way says so in the stream
            message, status = failure_of(answer.entry, error)
            failure = {"status": FAILED, "error": {"message": message}, "statusCode": status}
            yield encode_event(msgspec.json.encode(failure))
            return
    for event in chunks.end():
        yield encode_event(event)
    yield DONE


class _DataChunks:
    """`{"data": "tok"}`, the protocol's own shape."""

    def piece(self, text: str) -> bytes:
        return msgspec.json.encode({"data": text})

    def end(self) -> list[bytes]:
        return []


class _RawChunks:
    """OpenAI's chunks, which `{"options": {"raw": true}}` asks for."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": "chat.completion.chunk", "model": model}

    def piece(self, text: str) -> bytes:
        return self._chunk({"content": text}, None)

    def end(self) -> list[bytes]:
        return [self._chunk({}, "stop")]

    def _chunk(self, delta: dict[str, str], finish_reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return msgspec.json.encode({**self._head, "choices": [choice], "usage": None})
