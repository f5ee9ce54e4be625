"""Sums of what was used, as they are asked for and told, by the hub's address and by its command alike."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aixplain.hub.limits import DAY
from aixplain.hub.store.usage import PARTS, Part, Usage, UsageWanted

#: The days, with today, that are summed when nobody says since when.
USUAL_DAYS = 30


def asked_for(caller: str | None, since: float | None, until: float | None, by: Iterable[str]) -> UsageWanted:
    """The sums of the days from `since` and before `until`, both in seconds since 1970, with parts `by` which to sum.

    Raises ValueError for a part that is none.
    """
    parts = [*by]
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise ValueError(f"{unknown[0]!r:.60} is nothing to sum by; there are {', '.join(PARTS)}.")
    today = int(time.time() // DAY)
    first = today - USUAL_DAYS + 1 if since is None else int(since // DAY)
    wanted: tuple[Part, ...] = tuple(part for part in PARTS if part in parts)
    return UsageWanted(first, today + 1 if until is None else int(until // DAY), wanted, caller)


def told(usage: Usage) -> dict[str, Any]:
    """A sum in the protocol's words; what nobody told is null."""
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": (prompt or 0) + (completion or 0)}
    return {
        "day": None if usage.day is None else datetime.fromtimestamp(usage.day * DAY, UTC).date().isoformat(),
        "model": usage.model,
        "key": usage.key,
        "keyName": usage.key_name,
        "runs": usage.runs,
        "finished": usage.finished,
        "failed": usage.runs - usage.finished - usage.canceled,
        "canceled": usage.canceled,
        "runTime": round(usage.seconds, 6),
        "usedCredits": usage.credits,
        "usage": None if prompt is None and completion is None else tokens,
    }
