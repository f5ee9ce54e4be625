"""The bodies that the scripted server answers with: in the shapes of the platform, and of OpenAI for its client."""

from __future__ import annotations

import functools
import itertools
from typing import Any, NamedTuple

import msgspec

encode = msgspec.json.encode


def _parameter(name: str, kind: str = "text", sub_type: str | None = None, **more: Any) -> dict[str, Any]:
    usual = {
        "required": False,
        "multipleValues": False,
        "isFixed": False,
        "values": [],
        "defaultValues": [],
        "availableOptions": [],
    }
    return {"name": name, "dataType": kind, "dataSubType": sub_type or kind, **usual, **more}


def _default(value: Any) -> list[dict[str, Any]]:
    return [{"value": value}]


#: What a language model of the platform takes.
PARAMETERS = [
    _parameter("text", required=True),
    _parameter("temperature", "text", "number", defaultValues=_default(0.7)),
    _parameter("max_tokens", "text", "number", defaultValues=_default(4096)),
    _parameter("top_p", "text", "number", defaultValues=_default(1.0)),
    _parameter("frequency_penalty", "text", "number"),
    _parameter("presence_penalty", "text", "number"),
    _parameter("seed", "text", "number"),
    _parameter("stop", multipleValues=True),
    _parameter("context"),
    _parameter("prompt"),
    _parameter("history", "text", "json"),
    _parameter("tools", "text", "json"),
    _parameter("tool_choice", "text", "json"),
    _parameter("response_format", "text", "json"),
    _parameter(
        "language", "label", availableOptions=[{"value": code, "label": code.upper()} for code in ("en", "es", "fr", "de")]
    ),
]


def _model(id: str, name: str = "Bench 1") -> dict[str, Any]:
    """A MODEL of the protocol. `attributes` is null: the two official releases read different shapes of it."""
    return {
        "id": id,
        "name": name,
        "description": "A language model that follows instructions, calls tools and answers in the format it is asked for.",
        "status": "onboarded",
        "serviceName": None,
        "host": "openai",
        "developer": "OpenAI",
        "vendor": {"id": 1777, "name": "OpenAI", "code": "openai"},
        "function": {"id": "text-generation", "name": "Text Generation"},
        "functionType": "ai",
        "type": "model",
        "pricing": {"price": 0.1, "unitType": "TOKEN", "unitTypeScale": "K"},
        "version": {"name": None, "id": "1"},
        "createdAt": "2026-03-19T13:27:29.604Z",
        "updatedAt": "2026-03-19T13:27:29.604Z",
        "supportsStreaming": True,
        "supportsBYOC": False,
        "connectionType": ["synchronous"] if not id.startswith("slow") else ["synchronous", "asynchronous"],
        "assetInfo": {"assetPath": "openai/bench", "instanceId": "openai/bench/openai"},
        "attributes": None,
        "params": PARAMETERS,
    }


@functools.cache
def model(id: str) -> bytes:
    """One MODEL of this id."""
    return encode(_model(id))


@functools.cache
def page() -> bytes:
    """A page of 100 models."""
    models = [_model(f"669a63646eb56306647e{number:04}", f"Bench {number}") for number in range(100)]
    return encode({"results": models, "total": 38_000, "pageTotal": 380, "pageNumber": 0})


USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
TEXT = "Hello! How can I help you today?"
MESSAGE = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
FINISHED = encode(
    {
        "status": "SUCCESS",
        "completed": True,
        "data": TEXT,
        "details": [{"index": 0, "message": MESSAGE, "logprobs": None, "finish_reason": "stop"}],
        "runTime": 0.5,
        "usedCredits": 0.01,
        "usage": USAGE,
        "asset": {"assetId": "bench", "id": "openai/bench/openai"},
        "requestId": "0b7b2f6e-8a52-4b54-9a4b-6f6f8a1d8a10",
    }
)
COMPLETION = encode(
    {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1741569952,
        "model": "bench",
        "choices": [{"index": 0, "message": MESSAGE, "logprobs": None, "finish_reason": "stop"}],
        "usage": USAGE,
        "service_tier": "default",
    }
)
OPENAI_MODEL = encode({"id": "bench", "object": "model", "created": 1741569952, "owned_by": "openai"})


CALL = {"type": "tool_use", "id": "toolu_1", "name": "shout", "input": {"text": "hi"}}
#: The same in Anthropic's shape, with thoughts and a call of a tool.
ANTHROPIC_MESSAGE = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "bench",
    "content": [
        {"type": "thinking", "thinking": "They greet me.", "signature": "c2ln"},
        {"type": "text", "text": TEXT},
        CALL,
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 12},
}
ANTHROPIC = encode(ANTHROPIC_MESSAGE)
#: In turn, because LiteLLM ends a stream that says the same a hundred times.
ANTHROPIC_TOKENS = (" tok", " tik")


def accepted(poll_address: str) -> bytes:
    """A run that goes on."""
    return encode({"status": "IN_PROGRESS", "data": poll_address, "requestId": "0b7b2f6e"})


IN_PROGRESS = encode({"status": "IN_PROGRESS", "completed": False})


def finished_at(moment: float) -> bytes:
    """A run that ended at this moment of the monotonic clock, which all processes of a machine share."""
    return encode({"status": "SUCCESS", "completed": True, "data": str(moment)})


class Stream(NamedTuple):
    """A stream as a model's id names it, `kind.count.pace.framing`: `data.20000.0.chunked`, `stamps.100.20000.plain`.

    `kind` is openai, anthropic, data or stamps (`data` events that hold the moment of their sending); `pace` the microseconds
    between events, 0 for all at once in frames of 64 kB; `framing` chunked, or plain: until the connection closes.
    """

    kind: str
    count: int
    pace: float
    chunked: bool

    @classmethod
    def named(cls, id: str) -> Stream | None:
        """The stream of this name, or None."""
        kind, *numbers = id.split(".")
        return cls(kind, int(numbers[0]), int(numbers[1]) / 1e6, numbers[2] == "chunked") if len(numbers) == 3 else None


DONE = b"data: [DONE]\n\n"


def event(kind: str, moment: float) -> bytes:
    """One token, as a server-sent event."""
    if kind == "openai":
        return _OPENAI_EVENT
    return b'data: {"data":" tok"}\n\n' if kind == "data" else b'data: {"data":"%.6f"}\n\n' % moment


def _openai_event(content: str | None, finish_reason: str | None) -> bytes:
    chunk = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": "bench",
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [
            {
                "index": 0,
                "delta": {} if content is None else {"content": content},
                "logprobs": None,
                "finish_reason": finish_reason,
            }
        ],
    }
    return b"data: " + encode(chunk) + b"\n\n"


_OPENAI_EVENT = _openai_event(" tok", None)


def _anthropic(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), encode({"type": kind, **fields}))


def _anthropic_part(index: int, empty: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    begin = _anthropic("content_block_start", index=index, content_block=empty)
    pieces = [_anthropic("content_block_delta", index=index, delta=delta) for delta in deltas]
    return b"".join([begin, *pieces, _anthropic("content_block_stop", index=index)])


@functools.cache
def anthropic_frames(count: int) -> list[bytes]:
    """A whole stream in Anthropic's shape: thoughts, so many tokens, and a call of a tool."""
    thinking = {"type": "thinking_delta", "thinking": "They greet me."}, {"type": "signature_delta", "signature": "c2ln"}
    tokens = [{"type": "text_delta", "text": text} for text in itertools.islice(itertools.cycle(ANTHROPIC_TOKENS), count)]
    call = {"type": "input_json_delta", "partial_json": '{"text": "hi"}'}
    body = (
        _anthropic("message_start", message={**ANTHROPIC_MESSAGE, "content": [], "stop_reason": None})
        + _anthropic_part(0, {"type": "thinking", "thinking": "", "signature": ""}, *thinking)
        + _anthropic_part(1, {"type": "text", "text": ""}, *tokens)
        + _anthropic_part(2, {**CALL, "input": {}}, call)
        + _anthropic("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 12})
        + _anthropic("message_stop")
    )
    return [body[start : start + 65536] for start in range(0, len(body), 65536)]


def ending(kind: str) -> bytes:
    """What ends a stream."""
    return (_openai_event(None, "stop") if kind == "openai" else b"") + DONE


@functools.cache
def frames(kind: str, count: int) -> list[bytes]:
    """A whole stream in frames of 64 kB, which don't care where an event ends."""
    if kind == "anthropic":
        return anthropic_frames(count)
    body = event(kind, 0.0) * count + ending(kind)
    return [body[start : start + 65536] for start in range(0, len(body), 65536)]
