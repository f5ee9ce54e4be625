"""Many events that carry nothing but text, read at once: a fifth of the time that they take one by one.

The events become one JSON array and that becomes records, both outside Python. The records admit no other key, or null alone
for whatever would make an event more than its text, so that any other event makes the reading fail and is read alone. So does
an event of OpenAI's shape without text: it may have something under a key that no record names.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class _OnlyText(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """`{"data": "tok"}`"""

    data: str


class _OnlyContent(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: Annotated[str, msgspec.Meta(min_length=1)]
    role: str | None = None
    reasoning_content: None = None
    refusal: None = None
    tool_calls: None = None


class _OnlyDelta(msgspec.Struct, gc=False):
    delta: _OnlyContent
    error: None = None
    finish_reason: None = None
    index: Literal[0] = 0
    logprobs: None = None


class _OnlyCompletion(msgspec.Struct, gc=False):
    """`{"choices": [{"delta": {"content": "tok"}, "finish_reason": null}]}`"""

    choices: Annotated[list[_OnlyDelta], msgspec.Meta(min_length=1, max_length=1)]
    error: None = None
    errorMessage: None = None  # noqa: N815 - as the wire spells it
    supplierError: None = None  # noqa: N815 - as the wire spells it
    status: None = None
    usage: None = None
    usedCredits: None = None  # noqa: N815 - as the wire spells it


_read_texts = msgspec.json.Decoder(list[_OnlyText]).decode
_read_completions = msgspec.json.Decoder(list[_OnlyCompletion]).decode


def plain_texts(events: bytes) -> tuple[list[str], int | None] | None:
    """The text of each event, and the index of its alternative, where they have such; None when one is anything else.

    >>> plain_texts(b'data: {"data": "a"}\\n\\ndata: {"data": "b"}\\n\\n')
    (['a', 'b'], None)
    >>> plain_texts(b'data: {"data": "a", "usage": {"total_tokens": 1}}\\n\\n') is None
    True
    """
    if not events.startswith(b"data: {"):
        return None
    data = events[6:-2].split(b"\n\ndata: ")
    array = b"[" + b",".join(data) + b"]"
    index = 0 if b'"choices"' in data[0] else None
    try:
        if index is None:
            texts = [event.data for event in _read_texts(array)]
        else:
            texts = [event.choices[0].delta.content for event in _read_completions(array)]
    except (ValueError, RecursionError):
        return None
    # An event that is no JSON by itself may be, between commas; and `[DONE]` may be spelt as a chunk of plain text.
    is_end = index is None and "[DONE]" in texts
    return None if is_end or len(texts) != len(data) else (texts, index)
