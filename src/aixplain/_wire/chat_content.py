"""Text and reasoning of a chat message, in all the shapes that services send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Where services put the reasoning of a message, the most usual first. Several of these may hold the same text.
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking")


def text_of(content: Any) -> str:
    """Return the text of a message's content: a text, a number, or a list of parts. Reasoning is left out.

    >>> text_of([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi"}, " there"])
    'hi there'
    """
    if isinstance(content, list):
        return "".join(text_of(part) for part in content if not _is_reasoning(part))
    return "" if _is_reasoning(content) else _flat(content)


def reasoning_of(message: Mapping[str, Any]) -> str | None:
    """Return the reasoning of a message or of a delta, from whichever field has it; None when there is none.

    >>> reasoning_of({"reasoning_details": [{"type": "reasoning.text", "text": "first "}, {"summary": "then"}]})
    'first then'
    """
    for name in _REASONING:
        if text := _flat(message.get(name)):
            return text
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    return "".join(_reasoning_of_part(part) for part in parts if isinstance(part, dict) and _is_reasoning(part)) or None


def _is_reasoning(part: Any) -> bool:
    return isinstance(part, dict) and str(part.get("type", "")).startswith(("thinking", "reasoning"))


def _reasoning_of_part(part: dict[str, Any]) -> str:
    return next(
        (text for name in ("thinking", "reasoning", "text", "summary", "content") if (text := _flat(part.get(name)))), ""
    )


def _flat(value: Any) -> str:
    """The text in a value, however it is wrapped; what has none, such as a picture, gives none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return "".join(map(_flat, value))
    if isinstance(value, dict):
        return next(
            (text for name in ("text", "value", "content", "summary", "refusal") if (text := _flat(value.get(name)))), ""
        )
    return ""
