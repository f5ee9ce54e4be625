"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(text: str) -> float:
    """Seconds since 1970 of a day or a time in ISO 8601, in UTC unless it says otherwise. Raises ValueError.

    >>> seconds_of("1970-01-02"), seconds_of("1970-01-01T02:00:00+01:00")
    (86400.0, 3600.0)
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"a time like 2026-03-19T13:27:29Z, or a day, and not {text!r:.60}") from error


def moment(seconds: float | None) -> str | None:
    """A time as the protocol writes it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
