"""Convert the values of Python programs to what JSON has, and refuse what it does not have.

Subclasses of str, int and float, enums, tuples, mappings, dataclasses, pydantic models, paths, dates, decimals, and the
scalars and arrays of numpy and pandas travel as the plain values that they are.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import msgspec

from aixplain._wire.records import UNREADABLE

#: Values of these types are JSON's own, but for what a list or a dict holds.
PLAIN_TYPES = frozenset({str, int, float, bool, list, dict, type(None)})
#: Values of these types, and of their subclasses, travel as text.
_AS_TEXT = (datetime, date, time, timedelta, UUID)
#: Bits of an int that Python surely writes in decimal: it refuses more than 4,300 digits.
_MOST_BITS = 14_000
_NESTED = "is nested too deeply, or contains itself"


@runtime_checkable
class _PathLike(Protocol):
    def __fspath__(self) -> str | bytes: ...


def plain(value: Any) -> Any:
    """Return a value as it travels; one that JSON has, or that nothing is known of, as it is. What it holds stays as it is.

    A set stays one: it is sent as a list, but its order is nobody's, so no parameter takes it.

    >>> plain(("a", 1)), plain(Decimal("0.5"))
    (['a', 1], Decimal('0.5'))
    """
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, Enum):
        return str.__str__(value) if isinstance(value, str) else plain(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float):
        return int.__int__(value) if isinstance(value, int) else float.__float__(value)
    if isinstance(value, list | tuple | deque | range):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    """Values of classes that are not made of JSON's own. A class itself is not one of them."""
    kind = type(value)
    if "__dataclass_fields__" in vars(kind) and not isinstance(value, type):  # dataclasses is slow to import
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {key: getattr(value, name) for key, name in names}
    if (pydantic := sys.modules.get("pydantic")) and isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if (numpy := sys.modules.get("numpy")) and isinstance(value, numpy.ndarray | numpy.generic):
        return value.tolist()
    if pandas := sys.modules.get("pandas"):
        if isinstance(value, pandas.DataFrame):
            return value.to_dict("records")
        if isinstance(value, pandas.Series | pandas.Index):
            return value.tolist()
    return value


def encode(values: Mapping[str, Any]) -> bytes:
    """Return named values as a JSON object. Raises `ValueError`, which names the place of what JSON does not have.

    >>> encode({"size": Decimal("0.5"), "day": date(2026, 1, 2)})
    b'{"size":0.5,"day":"2026-01-02"}'
    >>> encode({"weights": {"a": [1.0, float("nan")]}})
    Traceback (most recent call last):
    ValueError: weights.a[1] is nan, and JSON has finite numbers only
    """
    try:
        body = _encoder.encode(values)
    except (TypeError, OverflowError, *UNREADABLE) as error:
        raise ValueError(_problem_in(values) or str(error)) from error
    # msgspec writes a float that is not finite as null, and a decimal as it is.
    if (b"null" in body or b"NaN" in body or b"Infinity" in body) and (problem := _problem_in(values)):
        raise ValueError(problem)
    return body


def is_surely_sendable(values: Mapping[str, Any]) -> bool:
    """Tell of usual values, at little cost, that `encode` takes them; False means that it has to be tried."""
    for value in values.values():
        kind = type(value)
        if kind is str:
            if not value.isascii():
                return False
        elif kind is int:
            if value.bit_length() > _MOST_BITS:
                return False
        elif kind is float:
            if not math.isfinite(value):
                return False
        elif kind is not bool:
            return False
    return True


def _convert(value: Any) -> Any:
    """Convert a value that msgspec can't encode by itself. Raises `TypeError`."""
    converted = list(value) if isinstance(value, AbstractSet) else plain(value)
    if converted is not value:
        return converted
    if isinstance(value, _AS_TEXT) and value == value:
        return str(value) if isinstance(value, UUID) else _iso(value)
    if isinstance(value, _PathLike) and isinstance(path := value.__fspath__(), str):
        return path
    raise TypeError(f"{_named(value)}, which can't be sent as JSON")


def _iso(value: Any) -> str:
    if isinstance(value, timedelta):
        written: str = msgspec.json.decode(msgspec.json.encode(timedelta(value.days, value.seconds, value.microseconds)))
        return written
    text: str = value.isoformat()
    return text


def _named(value: Any) -> str:
    name = type(value).__name__
    return f"is {'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_convert)


# --- What is wrong, and where ---------------------------------------------------------------------


def _problem_in(values: Mapping[str, Any]) -> str | None:
    for name, value in values.items():
        try:
            problem = _problem(value, name)
        except RecursionError:
            problem = f"{name} {_NESTED}"
        if problem:
            return problem
    return None


def _problem(value: Any, place: str) -> str | None:
    """What is wrong with a value, or with the first that it holds; None when all can be sent."""
    value = plain(value)
    if isinstance(value, dict):
        for key, item in value.items():
            problem = _key_problem(key, place) or _problem(item, f"{place}.{key}")
            if problem:
                return problem
        return None
    if isinstance(value, list | AbstractSet):
        return next((problem for index, item in enumerate(value) if (problem := _problem(item, f"{place}[{index}]"))), None)
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return f"{place} is {value}, and JSON has finite numbers only"
    try:
        _encoder.encode(value)
    except UnicodeEncodeError:
        return f"{place} has half of a surrogate pair, which no text in UTF-8 can have"
    except ValueError as error:
        return f"{place} can't be sent: {error}"
    except TypeError as error:
        return f"{place} {error}"
    return None


def _key_problem(key: Any, place: str) -> str | None:
    try:
        _encoder.encode({key: 0})
    except UnicodeEncodeError:
        return f"{place} has a key with half of a surrogate pair, which no text in UTF-8 can have"
    except (TypeError, ValueError):
        return f"{place} has the key {key!r:.60}, and keys of JSON are text or numbers"
    return None
