"""The reasoning of a model, which services tell as `reasoning_content`, as `reasoning`, or as `reasoning_details` blocks."""

from __future__ import annotations

from typing import Any

from aixplain._wire.chat_content import flat_text


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
    blocks = details if isinstance(details, list) else [details]
    told = flat_text([block for block in blocks if isinstance(block, str | dict)])
    return told or (content if isinstance(content, str) else None)
