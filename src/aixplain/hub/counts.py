"""The tokens that services say a run used: which counts can be believed, and how they are passed on."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from aixplain._wire.messages import Usage

#: No run uses more: up to here, JavaScript tells whole numbers apart.
_MOST = 2**53
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
#: A value that is no count, or whose look doesn't tell: a text, one below nothing, a fraction, a truth value.
_ODD = re.compile(rb':\s*(?:["\-tf]|\d+[.eE])')


def known_usage(usage: Usage | None) -> Usage | None:
    """The usage of a run, unless a count in it is below nothing or beyond all bounds: then none of it can be trusted."""
    if usage is None:
        return None
    prompt, completion, total = usage.prompt_tokens, usage.completion_tokens, usage.total_tokens
    counts = (prompt or 0, completion or 0, total or 0)
    if min(counts) < 0 or max(counts) > _MOST:
        return None
    if total is None:
        return usage
    if prompt is None and completion is not None and completion <= total:
        return replace(usage, prompt_tokens=total - completion)
    if completion is None and prompt is not None and prompt < total:  # vectors have the same total, and no such part
        return replace(usage, completion_tokens=total - prompt)
    return usage


def with_total(usage: Usage) -> msgspec.Raw | dict[str, Any]:
    """The usage as it was told, with counts as whole numbers, and with the total where only its parts were told."""
    told = usage.as_told()
    prompt, completion, total = usage.prompt_tokens, usage.completion_tokens, usage.total_tokens
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    elif isinstance(told, msgspec.Raw) and _ODD.search(bytes(told)) is None:
        return told
    return _without_negatives(usage.to_dict()) | dict(zip(_COUNTS, (prompt, completion, total), strict=True))


def _without_negatives(told: dict[str, Any]) -> dict[str, Any]:
    """What was told, without details below nothing."""
    kept = {name: _without_negatives(each) if isinstance(each, dict) else each for name, each in told.items()}
    return {name: each for name, each in kept.items() if not (isinstance(each, int | float) and each < 0)}
