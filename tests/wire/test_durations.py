"""Durations, as callers and settings give them."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from aixplain._wire.durations import seconds_of


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(5, 5.0), (0.5, 0.5), (0, 0.0), (1e10, 1e10), (Decimal("1.5"), 1.5), (timedelta(minutes=1, milliseconds=500), 60.5)],
)
def test_a_number_or_a_timedelta_is_a_duration(value: Any, seconds: float) -> None:
    assert seconds_of("timeout", value) == seconds
    assert type(seconds_of("timeout", value)) is float


@pytest.mark.parametrize("value", [None, math.inf, 10**400], ids=["None", "inf", "an int beyond any float"])
def test_no_limit_is_infinity_where_there_may_be_none(value: Any) -> None:
    assert seconds_of("timeout", value, endless=True) == math.inf
    with pytest.raises(ValueError, match="wait_time is a number of seconds of 0 or more, not"):
        seconds_of("wait_time", value)


@pytest.mark.parametrize(
    "value", [math.nan, -1, -math.inf, -(10**400), True, "5", b"5", [], timedelta(-1), Decimal("NaN"), Decimal("sNaN"), 1j, int]
)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="timeout is a number of seconds of 0 or more, not"):
        seconds_of("timeout", value, endless=True)


def test_zero_is_refused_where_it_would_mean_nothing() -> None:
    with pytest.raises(ValueError, match="connect_timeout is a number of seconds above 0, not 0"):
        seconds_of("connect_timeout", 0, zero=False)


def test_numbers_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert seconds_of("timeout", numpy.float32(0.5)) == seconds_of("timeout", numpy.float64(0.5)) == 0.5
    assert seconds_of("timeout", numpy.int64(5)) == 5.0
