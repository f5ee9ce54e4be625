"""`GET /sdk/runs`: the runs that were asked for with a key, the newest first."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams

from aixplain._wire.messages import FAILED, IN_PROGRESS, SUCCESS
from aixplain.hub.errors import Refusal
from aixplain.hub.execution import CANCELED
from aixplain.hub.moments import moment, seconds_of
from aixplain.hub.store.runs import Listed, State, Wanted

FILTERS = ("status", "model", "since", "until", "pageNumber", "pageSize")
LARGEST_PAGE, LAST_PAGE = 1000, 2**40

T = TypeVar("T", bound=float | None)

#: What the protocol says of a run in each state.
STATUSES: dict[State, str] = {
    "accepted": IN_PROGRESS,
    "started": IN_PROGRESS,
    "finished": SUCCESS,
    "failed": FAILED,
    "canceled": CANCELED,
    "expired": FAILED,
}


def wanted(query: QueryParams, caller: str) -> Wanted:
    """The runs that a query names. Raises `Refusal` for one that can't be read."""
    unknown = [name for name in query if name not in FILTERS]
    if unknown:
        raise Refusal(400, f"{unknown[0]!r:.60} is no filter of runs; there are {', '.join(FILTERS)}.")
    size = min(max(_whole(query, "pageSize", 20), 1), LARGEST_PAGE)
    number = min(max(_whole(query, "pageNumber", 0), 0), LAST_PAGE)
    return Wanted(
        caller,
        tuple(state for word in query.getlist("status") for each in word.split(",") for state in _states(each.strip())),
        query.get("model"),
        time_in(query, "since", 0.0),
        time_in(query, "until", 1e12),
        size,
        size * number,
    )


def page(found: tuple[int, list[Listed]], asked: Wanted, root: str) -> dict[str, Any]:
    """The answer, in the shape of the catalog's pages."""
    total, runs = found
    return {
        "results": [told(run, root) for run in runs],
        "total": total,
        "pageTotal": -(-total // asked.most),
        "pageNumber": asked.skipped // asked.most,
    }


def told(run: Listed, root: str) -> dict[str, Any]:
    """A run, as it is listed."""
    prompt, completion = run.prompt_tokens, run.completion_tokens
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": (prompt or 0) + (completion or 0)}
    return {
        "requestId": run.id,
        "model": run.model,
        "status": STATUSES[run.state],
        "state": run.state,
        "url": f"{root}/sdk/runs/{run.id}/result",
        "createdAt": moment(run.accepted_at),
        "startedAt": moment(run.started_at),
        "endedAt": moment(run.ended_at),
        "expiresAt": moment(run.expires_at),
        "deadline": moment(run.deadline),
        "priority": run.priority,
        "attempts": run.attempts,
        "tried": [] if run.tried is None else msgspec.Raw(run.tried),
        "usedCredits": run.credits,
        "usage": None if prompt is None and completion is None else usage,
        "statusCode": run.status,
        "errorMessage": run.error,
    }


def _states(word: str) -> list[State]:
    """The states that a word means: one of them, or a status of the protocol."""
    found: list[State] = [state for state, status in STATUSES.items() if word in (state, status)]
    if not found:
        raise Refusal(
            400, f"{word!r:.60} is no status of a run; there are {', '.join([*dict.fromkeys(STATUSES.values()), *STATUSES])}."
        )
    return found


def _whole(query: QueryParams, name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError as error:
        raise Refusal(400, f"{name} is a whole number, and not {query[name]!r:.60}.") from error


def time_in(query: QueryParams, name: str, default: T) -> float | T:
    """A moment as ISO 8601. A bare plus in a query arrives as a space."""
    text = query.get(name)
    if text is None:
        return default
    try:
        return seconds_of(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise Refusal(400, f"{name} is {error}.") from error
