"""The reasoning of a model, which services tell as `reasoning_content`, as `reasoning`, or as `reasoning_details` blocks."""

from __future__ import annotations

from typing import Any


def reasoning_text(content: Any, reasoning: Any = None, details: Any = None) -> str | None:
    """Return the reasoning as one text, from the first of the three that has any; None where none has.

    >>> reasoning_text(None, None, [{"type": "reasoning.text", "text": "17 * "}, {"type": "reasoning.text", "text": "23"}])
    '17 * 23'
    >>> reasoning_text("own", "other"), reasoning_text("", "other"), reasoning_text(None) is None
    ('own', 'other', True)
    """
    for told in (content, reasoning):
        if isinstance(told, str) and told:
            return told
    return _text_of_details(details) or (content if isinstance(content, str) else None)


def _text_of_details(details: Any) -> str:
    """The texts of the blocks. A block has a text or a summary; one that is encrypted has none."""
    blocks = details if isinstance(details, list) else [details]
    return "".join(text for block in blocks if (text := _text_of_block(block)))


def _text_of_block(block: Any) -> str:
    if isinstance(block, str):
        return block
    if not isinstance(block, dict):
        return ""
    told = next((block[key] for key in ("text", "summary", "content") if block.get(key)), None)
    return told if isinstance(told, str) else _text_of_details(told) if isinstance(told, list) else ""
