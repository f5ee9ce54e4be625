"""Text and reasoning of a chat message, in all the shapes that services send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Where services put the reasoning of a message, the most usual first. Several of these may hold the same text.
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
#: Where a part of a message has its text.
_TEXTS = ("text", "value", "content", "summary", "refusal")
_NO_TEXT: tuple[Any, ...] = (None, "", [], {})


def text_of(content: Any) -> str:
    """Return the text of a message's content: a text, a number, or a list of parts. Reasoning is left out.

    >>> text_of([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi"}, " there"])
    'hi there'
    """
    return flat_text(content, without_reasoning=True)


def reasoning_of(message: Mapping[str, Any]) -> str | None:
    """Return the reasoning of a message or of a delta, from whichever field has it; None when there is none.

    >>> reasoning_of({"reasoning_details": [{"type": "reasoning.text", "text": "first "}, {"summary": "then"}]})
    'first then'
    """
    for name in _REASONING:
        if text := flat_text(message.get(name)):
            return text
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    return "".join(_reasoning_of_part(part) for part in parts if isinstance(part, dict) and _is_reasoning(part)) or None


def _is_reasoning(part: Any) -> bool:
    return isinstance(part, dict) and str(part.get("type", "")).startswith(("thinking", "reasoning"))


def _reasoning_of_part(part: dict[str, Any]) -> str:
    return next(
        (text for name in ("thinking", "reasoning", "text", "summary", "content") if (text := flat_text(part.get(name)))), ""
    )


def flat_text(value: Any, *, without_reasoning: bool = False) -> str:
    """Return the text in a value, however it is wrapped; what has none, such as a picture, gives none.

    It calls itself nowhere, as values may be nested deeper than Python's stack is.

    >>> flat_text(["a", {"text": {"value": "b"}}, 5, True, None, {"type": "image", "url": "x"}])
    'ab5true'
    """
    texts: list[str] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, bool):
            texts.append("true" if part else "false")
        elif isinstance(part, int | float):
            texts.append(str(part))
        elif isinstance(part, list):
            waiting.extend(reversed(part))
        elif isinstance(part, dict) and not (without_reasoning and _is_reasoning(part)):
            waiting.append(next((part[name] for name in _TEXTS if part.get(name) not in _NO_TEXT), None))
    return "".join(texts)
