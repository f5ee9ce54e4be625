"""The answer of a run as a client of a chat expects it: whole, or in chunks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec

from aixplain._wire.messages import Usage
from aixplain._wire.sse import DONE, data_of_events, encode_event
from aixplain.hub.backends import CHAT_COMPLETION, Output, Piece
from aixplain.hub.endpoints.openai.errors import error_of
from aixplain.hub.endpoints.streams import RawChunks
from aixplain.hub.endpoints.visits import Finished
from aixplain.hub.execution import RAISED, failure_of, fields_of
from aixplain.hub.service import Pieces

_END: Any = object()
#: What the pieces of a text told already.
_TOLD = frozenset({"role", "content"})


class _Choice(msgspec.Struct):
    """One of the alternatives of a chat."""

    message: dict[str, Any]
    index: int = 0
    finish_reason: str | None = None


class _Unread(msgspec.Struct):
    """One that is passed on as it is."""

    message: msgspec.Raw


class _Used(msgspec.Struct):
    """A chunk, for what it says was used."""

    usage: dict[str, Any] | None = None


def completion(answer: Finished, model: str) -> bytes:
    """The completion that a whole answer is; the alternatives that a model tells stay as they are."""
    body = {
        "id": f"chatcmpl-{answer.request_id}",
        "object": CHAT_COMPLETION,
        "created": int(time.time()),
        "model": model,
        **_fields_of_the_service(answer),
        "choices": answer.details if _are_choices(answer.details) else [_only_choice(answer)],
        "usage": usage_of(answer),
    }
    return msgspec.json.encode(body)


def _fields_of_the_service(answer: Finished) -> dict[str, Any]:
    """What a service that speaks OpenAI answered beside its choices, such as citations; it comes as the raw data of a run."""
    raw = bytes(answer.raw_data)
    if CHAT_COMPLETION.encode() not in raw:
        return {}
    fields = msgspec.json.decode(raw)
    return fields if isinstance(fields, dict) and fields.get("object") == CHAT_COMPLETION else {}


def usage_of(answer: Finished) -> dict[str, Any] | None:
    """The tokens that were used; None where they are not known."""
    usage = answer.usage or {}
    if not isinstance(usage.get("prompt_tokens"), int):
        read = Usage.from_dict(usage)  # some services tell the numbers as text
        usage = {**usage, "prompt_tokens": read.prompt_tokens, "completion_tokens": read.completion_tokens}
    prompt, completion = usage["prompt_tokens"], usage.get("completion_tokens")
    if prompt is None:
        return usage if isinstance(completion, int) or isinstance(usage.get("total_tokens"), int) else None
    return {**usage, "total_tokens": prompt + (completion if isinstance(completion, int) else 0)}


async def first_of(answer: Pieces) -> Piece:
    """The first piece, when it is there. Raises as the model does."""
    first: Piece = await anext(answer.pieces)
    return first


async def events_of_pieces(answer: Pieces, first: Piece, chunks: RawChunks, *, usage: bool) -> AsyncGenerator[bytes, None]:
    """The events of an answer in pieces, whose first came. `usage` asks for a last one that tells the tokens."""
    passed = b""  # the last of the events that a service sent
    async with contextlib.aclosing(answer.pieces) as pieces:
        if not isinstance(first, bytes):
            yield encode_event(chunks.chunk({"role": "assistant", "content": ""}))
        try:
            piece = first
            while piece is not _END:
                if isinstance(piece, Output):
                    for chunk in () if passed else _ending(piece, chunks):
                        yield encode_event(chunk)
                    for chunk in chunks.used(piece) if usage and not _tells_usage(passed) else ():
                        yield encode_event(chunk)
                elif isinstance(piece, bytes):
                    passed = piece
                    yield piece
                else:
                    yield encode_event(chunks.piece(piece))
                piece = await anext(pieces, _END)
        except RAISED as error:  # a model that fails half-way says so in the stream
            message, status = failure_of(answer.entry, error)
            yield encode_event(msgspec.json.encode(error_of(status, message, fields_of(error))))
            return
    yield DONE


def _tells_usage(events: bytes) -> bool:
    """Whether a service told what it used beside its last words. Some clients would add it up with what is told once more."""
    try:
        return any(msgspec.json.decode(data, type=_Used).usage for data in data_of_events(events))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


async def events_of_whole(answer: Finished, chunks: RawChunks, *, usage: bool) -> AsyncGenerator[bytes, None]:
    """The events of an answer that came whole."""
    for choice in _choices(answer.details) or [msgspec.convert(_only_choice(answer), _Choice)]:
        for chunk in _told(choice, chunks):
            yield encode_event(chunk)
    used = usage_of(answer) if usage else None
    if used is not None:
        for chunk in chunks.used(Output("", usage=Usage.from_dict(used))):
            yield encode_event(chunk)
    yield DONE


def _ending(whole: Output, chunks: RawChunks) -> Iterator[bytes]:
    """What a text that came in pieces has besides."""
    for choice in _choices(msgspec.Raw(msgspec.json.encode(whole.details))) or [_Choice({})]:
        choice.message = {name: value for name, value in choice.message.items() if value and name not in _TOLD}
        yield from _told(choice, chunks)


def _told(choice: _Choice, chunks: RawChunks) -> Iterator[bytes]:
    message = choice.message
    if calls := message.get("tool_calls"):
        message = {**message, "tool_calls": [{"index": number, **call} for number, call in enumerate(calls)]}
    if message:
        yield chunks.chunk(message, index=choice.index)
    yield chunks.chunk({}, choice.finish_reason or "stop", choice.index)


def _are_choices(details: msgspec.Raw) -> bool:
    """Whether a model's answer has the alternatives of a chat."""
    try:
        return bool(msgspec.json.decode(details, type=list[_Unread]))
    except msgspec.ValidationError:
        return False


def _choices(details: msgspec.Raw) -> list[_Choice]:
    """The alternatives of a chat; none where a model's answer is no chat's."""
    try:
        return msgspec.json.decode(details, type=list[_Choice])
    except msgspec.ValidationError:
        return []


def _only_choice(answer: Finished) -> dict[str, Any]:
    data = msgspec.json.decode(answer.data)
    content = data if isinstance(data, str) else bytes(answer.data).decode()
    message = {"role": "assistant", "content": content, "refusal": None}
    return {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
