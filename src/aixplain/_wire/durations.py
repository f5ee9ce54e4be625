"""Read a duration that a caller or a setting gives: a number of seconds, or a timedelta."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

from aixplain._wire.plain_data import plain
from aixplain._wire.validation import shown

#: No wait on a socket or a clock is longer: some systems can't count further.
LONGEST = 1_000_000.0


def seconds_of(name: str, value: Any, *, zero: bool = True, endless: bool = False) -> float:
    """Return the seconds of a duration. Raises `ValueError` for what is none.

    Args:
        name: What the duration is for, as the error names it.
        value: An int, a float, a decimal or a timedelta.
        zero: Whether it may be 0.
        endless: Whether None and infinity are taken, and mean no limit.

    >>> seconds_of("timeout", timedelta(minutes=1)), seconds_of("timeout", None, endless=True)
    (60.0, inf)
    """
    seconds = _as_float(value)
    if value is None and endless:
        return math.inf
    if seconds is None or not (0 <= seconds < math.inf or (endless and seconds == math.inf)) or (seconds == 0 and not zero):
        least = "of 0 or more" if zero else "above 0"
        none = ", and so will None, for no limit" if endless else ""
        raise ValueError(f"{name} is a number of seconds {least}, not {shown(value)}; a timedelta will do{none}")
    return seconds


def _as_float(value: Any) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except ValueError:  # a signaling NaN
        return None
