"""Answers in pieces, as server-sent events of either shape."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from aixplain._wire.messages import FAILED, SUCCESS
from aixplain._wire.sse import DONE, encode_event
from aixplain.hub.backends import Output
from aixplain.hub.counts import known_usage, with_total
from aixplain.hub.endpoints import OPENAI
from aixplain.hub.endpoints.official import with_data
from aixplain.hub.endpoints.openai.errors import error_of
from aixplain.hub.errors import NO_FIELDS, ErrorFields
from aixplain.hub.execution import RAISED, failure_of, fields_of
from aixplain.hub.key_watch import KeyEnded
from aixplain.hub.presence import while_here
from aixplain.hub.service import Pieces

#: The header that tells which run a stream is: the events of an upstream pass as they came.
RUN_ID = "x-run-id"
#: How long a stream that is broken off waits for its reader.
LAST_SECONDS = 1.0
CHUNK = {"object": "chat.completion.chunk"}


class EventStream(StreamingResponse):
    """An answer that is told as events, its run in the head. However it ends, also by a reader who goes away, the model's
    work is closed.
    """

    def __init__(self, events: AsyncGenerator[bytes, None], run_id: str) -> None:
        self._events = events
        headers = {"cache-control": "no-cache", RUN_ID: run_id}
        self._is_begun = False
        super().__init__(self._events, media_type="text/event-stream", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not Starlette's own way, which takes two tasks and cancels again at each `await` of a model's clean-up.
        async with contextlib.aclosing(self._events):
            with contextlib.suppress(ClientDisconnect):
                try:
                    await while_here(scope, self.stream_response(send))
                except KeyEnded as ended:
                    if not self._is_begun:
                        raise
                    await _break_off(scope, send, ended)

    async def stream_response(self, send: Send) -> None:
        """Send the head, and the events as they come."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        self._is_begun = True
        async for event in self._events:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _break_off(scope: Scope, send: Send, ended: KeyEnded) -> None:
    """End a stream with an error, in the shape that callers of its path read. Who reads nothing is not waited for."""
    if scope["path"].startswith(OPENAI):
        event = msgspec.json.encode(error_of(ended.status, ended.message))
    else:
        event = failure_event(ended.message, ended.status)
    async with asyncio.timeout(LAST_SECONDS):
        await send({"type": "http.response.body", "body": encode_event(event), "more_body": False})


async def events_of(answer: Pieces, *, official: bool = False) -> AsyncGenerator[bytes, None]:
    """The pieces of an answer as events; an `official` client reads those of an upstream with a word more."""
    chunks = RawChunks(answer.entry.path) if answer.raw else _DataChunks()
    is_passed_on = False
    async with contextlib.aclosing(answer.pieces) as pieces:
        try:
            async for piece in pieces:
                if isinstance(piece, bytes):
                    is_passed_on = True
                    yield with_data(piece) if official and not answer.raw else piece
                elif isinstance(piece, str):
                    yield encode_event(chunks.piece(piece))
                else:
                    for event in usage_chunk(CHUNK, piece) if is_passed_on else chunks.end(piece):
                        yield encode_event(event)
        except RAISED as error:  # a model that fails half-way says so in the stream
            message, status = failure_of(answer.entry, error)
            yield encode_event(failure_event(message, status, fields_of(error)))
            return
    yield DONE


def failure_event(message: str, status: int, fields: ErrorFields = NO_FIELDS) -> bytes:
    """Write the event that tells of a failure in the middle of a stream."""
    told = {name: each for name, each in zip(fields._fields, fields, strict=True) if each is not None}
    return msgspec.json.encode({"status": FAILED, "error": {"message": message, **told}, "statusCode": status})


class _DataChunks:
    """`{"data": "tok"}`, the protocol's own shape. What the run used, where that is known, comes last."""

    def piece(self, text: str) -> bytes:
        return msgspec.json.encode({"data": text})

    def end(self, whole: Output) -> list[bytes]:
        used = _used(whole)
        return [msgspec.json.encode({"status": SUCCESS, "data": "", **used})] if used else []


class RawChunks:
    """OpenAI's chunks, which `{"options": {"raw": true}}` asks for."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", **CHUNK, "created": int(time.time()), "model": model}

    def piece(self, text: str) -> bytes:
        """One piece of the text."""
        return self.chunk({"content": text})

    def end(self, whole: Output) -> list[bytes]:
        """The chunk that ends the text, and what the run used, where that is known."""
        return [self.chunk({}, "stop"), *self.used(whole)]

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None, index: int = 0) -> bytes:
        """What one of the alternatives has more, or how it ended."""
        choice = {"index": index, "delta": delta, "finish_reason": finish_reason}
        return msgspec.json.encode({**self._head, "choices": [choice], "usage": None})

    def used(self, whole: Output) -> list[bytes]:
        """What the run used, where that is known."""
        return usage_chunk(self._head, whole)


def usage_chunk(head: dict[str, Any], whole: Output) -> list[bytes]:
    """The chunk with no choices that tells what a run used; none when that is not known."""
    used = _used(whole)
    return [msgspec.json.encode({**head, "choices": [], **used})] if used else []


def _used(whole: Output) -> dict[str, Any]:
    """The tokens and the credits. A run that cost nothing and counts nothing says nothing."""
    usage = known_usage(whole.usage)
    if usage is None and not whole.credits:
        return {}
    return {"usage": usage and with_total(usage), "usedCredits": whole.credits}
