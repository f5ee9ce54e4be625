"""Keys as they are sent and told: the platform's names, and a few more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from aixplain.hub.moments import moment, seconds_of
from aixplain.hub.store.keys import MOST_MODELS, NO_LIMITS, Key, Limits
from aixplain.hub.store.usage import Spent


class LimitsBody(msgspec.Struct, rename="camel"):
    """Limits as they are sent. `budget` is credits in a month, for a model too; tokens are those in and out together."""

    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tpd: int | None = None
    budget: float | None = None
    asset_id: str | None = None
    token_type: Literal["total", "TOTAL"] | None = None


class KeyBody(msgspec.Struct, rename="camel"):
    """A key as it is sent. What a change leaves out stays as it is."""

    name: str | UnsetType = UNSET
    budget: float | UnsetType | None = UNSET
    global_limits: LimitsBody | UnsetType | None = UNSET
    assets_limits: list[LimitsBody] | UnsetType | None = UNSET
    models: list[str] | UnsetType | None = UNSET
    expires_at: str | UnsetType | None = UNSET
    is_admin: bool | UnsetType = UNSET


def changed(key: Key, body: KeyBody, path_of: Callable[[str], str | None]) -> Key:
    """The key, with what the body says of it; `path_of` gives a model's path from its id or path. Raises ValueError."""
    limits = key.limits if body.global_limits is UNSET else _limits(body.global_limits, key.limits.credits)
    return replace(
        key,
        name=key.name if body.name is UNSET else body.name.strip(),
        limits=limits if body.budget is UNSET else replace(limits, credits=body.budget),
        model_limits=key.model_limits if body.assets_limits is UNSET else _model_limits(body.assets_limits or [], path_of),
        models=key.models if body.models is UNSET else None if body.models is None else tuple(body.models),
        expires_at=key.expires_at if body.expires_at is UNSET else _expiry(body.expires_at),
        is_admin=key.is_admin if body.is_admin is UNSET else body.is_admin,
    )


def _limits(body: LimitsBody | None, credits: float | None) -> Limits:
    """The limits, of which official clients send those that are not set as zero."""
    body = body or LimitsBody()
    return Limits(body.rpm or None, body.rpd or None, body.tpm or None, body.tpd or None, credits)


def _model_limits(bodies: list[LimitsBody], path_of: Callable[[str], str | None]) -> dict[str, Limits]:
    """Limits by the paths of their models, which may be named by their ids."""
    limits = {}
    if len(bodies) > MOST_MODELS:
        raise ValueError(f"A key has limits on {MOST_MODELS:,} models at most, and here are {len(bodies):,}.")
    for body in bodies:
        path = path_of(body.asset_id or "")
        if path is None:
            raise ValueError(f"There is no model {body.asset_id!r:.100} on this hub to limit; assetId is its id or path.")
        limits[path] = _limits(body, body.budget)
    return {path: each for path, each in limits.items() if each != NO_LIMITS}


def _expiry(text: str | None) -> float | None:
    try:
        return None if text is None else seconds_of(text)
    except ValueError as error:
        raise ValueError(f"expiresAt is {error}.") from error


def told(key: Key) -> dict[str, Any]:
    """A key, as far as it is known."""
    return {
        "id": key.id,
        "name": key.name,
        "accessKey": key.hint,
        "isAdmin": key.is_admin,
        "models": key.models,
        "budget": key.limits.credits,
        "globalLimits": _told_limits(replace(key.limits, credits=None)),
        "assetsLimits": [{**_told_limits(limits), "assetId": path} for path, limits in key.model_limits.items()],
        "expiresAt": moment(key.expires_at),
        "createdAt": moment(key.created_at),
        "lastUsedAt": moment(key.used_at),
    }


def _told_limits(limits: Limits) -> dict[str, float]:
    """The limits that are set: official clients take the others for zero, and break off over null."""
    told: dict[str, float] = msgspec.to_builtins(limits)
    return {("budget" if name == "credits" else name): limit for name, limit in told.items()}


def told_use(limits: Limits, used: Spent) -> dict[str, Any]:
    """What was used of a model, or of all of them, beside what may be."""
    return {
        "assetId": used.model or None,
        "requestCount": used.requests_day,
        "requestCountLimit": limits.rpd,
        "tokenCount": used.tokens_day,
        "tokenCountLimit": limits.tpd,
        "usedCredits": used.credits_month,
        "budget": limits.credits,
    }
