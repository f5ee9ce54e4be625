"""When a service takes requests again, from the headers that services of OpenAI's kind send."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from aixplain._wire.errors import retry_after

_RESETS = ("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-ratelimit-reset")
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
#: A number of seconds above this is a moment since 1970, and above the next one in milliseconds.
_EPOCH, _EPOCH_MILLISECONDS = 1e8, 1e11


def asked_wait(headers: Mapping[str, str], status: int, now: float) -> float | None:
    """Return the seconds that a service asks to be left alone, in the most exact of the ways that it says so.

    `now` is in seconds since 1970.

    >>> asked_wait({"retry-after": "2", "retry-after-ms": "1500"}, 429, now=0)
    1.5
    """
    if (exact := retry_after_ms(headers)) is not None:
        return exact
    usual = retry_after(headers)
    # Some services tell when their limits are reset in every answer; it is the time to wait where they are the reason.
    return rate_limit_reset(headers, now) if usual is None and status == 429 else usual


def rate_limit_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds until the limits are reset: the longest of those that have nothing left; None where nothing is said.

    `now` is in seconds since 1970.

    The forms are those of OpenAI (`1s`, `6m0s`, `20ms`), seconds, a moment since 1970, and a date of ISO 8601.

    >>> rate_limit_reset({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "20ms"}, 0)
    360.0
    """
    used_up = [name for name in _RESETS if headers.get(name.replace("-reset", "-remaining"), "0").strip() in ("0", "")]
    found = [seconds for name in used_up if (seconds := _seconds(headers.get(name, "").strip(), now)) is not None]
    return max(found, default=None)


def retry_after_ms(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in `retry-after-ms`; None where it isn't there, or is no number.

    >>> retry_after_ms({"retry-after-ms": "1500"})
    1.5
    """
    try:
        seconds = float(headers.get("retry-after-ms", "")) / 1000
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds(value: str, now: float) -> float | None:
    parts = _PART.findall(value)
    if parts and "".join(f"{number}{unit}" for number, unit in parts) == value:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        number = float(value)
    except ValueError:
        return _until(value, now)
    if not math.isfinite(number) or number < 0:
        return None
    if number > _EPOCH:
        return max(0.0, (number / 1000 if number > _EPOCH_MILLISECONDS else number) - now)
    return number


def _until(value: str, now: float) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None  # no date
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now)
