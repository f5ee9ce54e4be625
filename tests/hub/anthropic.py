"""A service in the shape of Anthropic's: its messages, its streams and its errors, as the scripted service answers them."""

from __future__ import annotations

import json
from typing import Any

MODELS = {
    "data": [
        {"id": "claude-x", "type": "model", "display_name": "X", "created_at": "2026-01-01T00:00:00Z"},
        {"id": "claude-y", "type": "model", "display_name": "Y", "created_at": "2026-01-01T00:00:00Z"},
    ],
    "has_more": False,
    "first_id": "claude-x",
    "last_id": "claude-y",
}
THINKS = {"type": "thinking", "thinking": "They greet me.", "signature": "c2ln"}
CALLS = {"type": "tool_use", "id": "toolu_1", "name": "shout", "input": {"text": "hi"}}


def says(text: str) -> dict[str, Any]:
    """A part of an answer that is text."""
    return {"type": "text", "text": text}


def message(*content: dict[str, Any], stop_reason: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    """A whole answer."""
    usage = {"input_tokens": 3, "output_tokens": 2}
    told = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": list(content)}
    return {**told, "stop_reason": stop_reason, "stop_sequence": None, "usage": usage, **more}


def event(name: str, **fields: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


BEGIN = event("message_start", message=message(stop_reason=None))
END = event("message_stop")


def stops(reason: str) -> bytes:
    """The event that tells why an answer ends, and what it used."""
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 2})


def part(index: int, empty: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    """The events of one part of an answer."""
    begin = event("content_block_start", index=index, content_block=empty)
    pieces = [event("content_block_delta", index=index, delta=delta) for delta in deltas]
    return b"".join([begin, *pieces, event("content_block_stop", index=index)])


def text_part(index: int, *texts: str) -> bytes:
    return part(index, says(""), *({"type": "text_delta", "text": text} for text in texts))


THINKING_PART = part(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "They "},
    {"type": "thinking_delta", "thinking": "greet me."},
    {"type": "signature_delta", "signature": "c2ln"},
)
CALLING_PART = part(
    2,
    {**CALLS, "input": {}},
    {"type": "input_json_delta", "partial_json": '{"text": '},
    {"type": "input_json_delta", "partial_json": '"hi"}'},
)


def error(kind: str, words: str) -> dict[str, Any]:
    """The body of an error."""
    return {"type": "error", "error": {"type": kind, "message": words}}
