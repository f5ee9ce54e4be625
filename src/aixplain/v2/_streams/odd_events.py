"""Events of a stream that are rare or odd: text, reasoning, tool calls and failures, in every shape that services send."""

from __future__ import annotations

from typing import Any

from aixplain._wire.chat_content import reasoning_of, text_of
from aixplain._wire.error_words import error_words
from aixplain._wire.records import read
from aixplain._wire.statuses import is_failure, is_success
from aixplain.v2._records import StreamChunk

_FIRST_ERROR_STATUS = 400


def choices_of(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the choices of an event as a list of objects, also where one comes alone or is its bare text; None without any.

    >>> choices_of({"choices": ["a", {"text": "b"}]}), choices_of({"choices": {"text": "c"}}), choices_of({"data": "d"})
    ([{'text': 'a'}, {'text': 'b'}], [{'text': 'c'}], None)
    """
    choices = value.get("choices")
    if choices is None:
        return None
    choices = choices if isinstance(choices, list) else [choices]
    return [each if isinstance(each, dict) else {"text": each} for each in choices if each is not None]


def is_failed(value: dict[str, Any], choices: list[dict[str, Any]] | None) -> bool:
    """Tell whether an event says that the run failed, in any of the ways that services have."""
    status = value.get("status")
    if value.get("error") or (not choices and "error" in (value.get("object"), value.get("type"))):
        return True
    if isinstance(status, str) and is_failure(status):
        return True
    if any(_is_error(choice.get("finish_reason")) or choice.get("error") for choice in choices or ()):
        return True
    if isinstance(status, str) and is_success(status, value.get("completed")):
        return False
    if any(value.get(name) for name in ("errorMessage", "supplierError")):
        return True
    has_content = bool(choices or value.get("data"))
    return not has_content and (bool(value.get("detail") or value.get("errors")) or _is_error_body(value))


def _is_error(finish_reason: Any) -> bool:
    return isinstance(finish_reason, str) and finish_reason.lower() == "error"


def _is_error_body(value: dict[str, Any]) -> bool:
    """Whether this is the body of an error answer, which has a status of HTTP."""
    codes = (value.get(name) for name in ("statusCode", "status_code", "status", "code"))
    return any(type(code) is int and code >= _FIRST_ERROR_STATUS for code in codes)


def failure_words(value: dict[str, Any], choices: list[dict[str, Any]] | None) -> str:
    """Return what a failure says: at the top, else in one of its choices, else its status."""
    told = (value, *({"error": choice.get("error"), "message": choice.get("message")} for choice in choices or ()))
    status = value.get("status")
    return next(filter(None, map(error_words, told)), "") or (
        status if isinstance(status, str) else "the service gave no reason"
    )


def text_beside_failure(value: dict[str, Any]) -> StreamChunk | None:
    """Return the text that an event has beside its error; None where it has none, and where its status says that it failed.

    The data of a FAILED event tells of the failure.
    """
    text = value.get("data")
    status = value.get("status")
    if not isinstance(text, str) or not text or (isinstance(status, str) and is_failure(status)):
        return None
    is_reason = "error" in (value.get("object"), value.get("type"))
    return None if is_reason else StreamChunk(data=text)


def odd_plain(value: dict[str, Any]) -> StreamChunk:
    """Read an event without choices."""
    chunk = read(StreamChunk, {name: each for name, each in value.items() if name not in ("status", "data")})
    chunk.tool_calls = _tool_calls_of(value)
    chunk.reasoning_content = reasoning_of(value)
    chunk.data = _data_of(value)
    return chunk


def _data_of(value: dict[str, Any]) -> Any:
    """The text of a chunk. What a whole answer has may be anything else."""
    data = value.get("data")
    if isinstance(value.get("status"), str) and is_success(value["status"], value.get("completed")):
        return "" if data is None else data
    if data is None:
        data = next((value[name] for name in ("content", "text", "message") if name in value), None)
    return text_of(data)


def odd_choice(choice: dict[str, Any]) -> tuple[StreamChunk, str]:
    """Read a choice: its chunk, and the refusal in it.

    A delta comes before a message, which may repeat the whole text so far.
    """
    delta, message = _as_message(choice.get("delta")), _as_message(choice.get("message"))
    said = delta if _says_something(delta) else message
    places = (said.get("content"), said.get("text"), choice.get("text"), choice.get("content"))
    text = next(filter(None, map(text_of, places)), "")
    finish, index = choice.get("finish_reason"), choice.get("index")
    chunk = StreamChunk(
        data=text,
        tool_calls=_tool_calls_of(said),
        reasoning_content=reasoning_of(said) or reasoning_of(choice),
        finish_reason=finish if isinstance(finish, str) else None,
        index=index if type(index) is int else 0,
        logprobs=choice.get("logprobs"),
    )
    return chunk, text_of(said.get("refusal"))


def _as_message(value: Any) -> dict[str, Any]:
    """A delta or a message, which may be its bare text."""
    return value if isinstance(value, dict) else {"content": value}


def _says_something(delta: dict[str, Any]) -> bool:
    """Whether a delta has any content of its own, an empty text included; a role alone says nothing."""
    return any(each is not None for name, each in delta.items() if name != "role")


def _tool_calls_of(message: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The tool calls of a delta: a list, one alone, or one in the older shape."""
    calls = message.get("tool_calls")
    if calls is None and isinstance(message.get("function_call"), dict):
        calls = {"index": 0, "type": "function", "function": message["function_call"]}
    calls = [calls] if isinstance(calls, dict) else calls
    return [call for call in calls if isinstance(call, dict)] or None if isinstance(calls, list) else None
