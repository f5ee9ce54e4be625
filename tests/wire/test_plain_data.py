"""Values of Python programs as JSON: what can be sent is sent as what it is, and the rest is refused with its place."""

from __future__ import annotations

import dataclasses
import json
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec
import pytest

from aixplain._wire.plain_data import encode, is_surely_sendable, plain


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another text"


class Count(int):
    pass


class Share(float):
    pass


class Word(StrEnum):
    ONE = "one"


class Digit(IntEnum):
    TWO = 2


class Thing(Enum):
    PAIR = (1, "x")


class Struct(msgspec.Struct):
    a: Any


class Moment(datetime):
    pass


@dataclasses.dataclass
class Plain:
    a: Any
    b: list[Any] = dataclasses.field(default_factory=list)


Pair = namedtuple("Pair", "x y")  # noqa: PYI024
SENT: list[tuple[Any, Any]] = [
    (Text("x"), "x"),
    (Count(3), 3),
    (Share(0.5), 0.5),
    (Word.ONE, "one"),
    (Digit.TWO, 2),
    (Thing.PAIR, [1, "x"]),
    ((1, ("x",)), [1, ["x"]]),
    (Pair(1, 2), [1, 2]),
    (deque([1]), [1]),
    (range(3), [0, 1, 2]),
    ({1}, [1]),
    (frozenset({"a"}), ["a"]),
    (OrderedDict(a=1), {"a": 1}),
    (defaultdict(list, a=[Text("x")]), {"a": ["x"]}),
    (UserDict(a=1), {"a": 1}),
    (MappingProxyType({"a": 1}), {"a": 1}),
    ({Text("a"): 1, 2: 3, Word.ONE: 4}, {"a": 1, "2": 3, "one": 4}),
    (Plain(1, [Text("x")]), {"a": 1, "b": ["x"]}),
    (Struct(Plain(None)), {"a": {"a": None, "b": []}}),
    (Decimal("0.10"), 0.1),
    (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
    (Moment(2026, 1, 2), "2026-01-02T00:00:00"),
    (timedelta(days=1), "P1D"),
    (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (Path("a/b"), "a/b"),
    (10**30, 10**30),
    ("\U0001f600", "\U0001f600"),
    ([None, {"a": None}], [None, {"a": None}]),
    ("null and NaN", "null and NaN"),
]
circular: list[Any] = []
circular.append({"again": circular})
deep: list[Any] = []
for _ in range(5000):
    deep = [deep]
REFUSED: list[tuple[Any, str]] = [
    (float("nan"), "is nan, and JSON has finite numbers only"),
    (Share("inf"), "is inf, and"),
    (Decimal("NaN"), "is NaN, and"),
    (Decimal("-Infinity"), "is -Infinity, and"),
    ("\ud83d", "has half of a surrogate pair"),
    ({"\ud83d": 1}, "has a key with half of a surrogate pair"),
    ({None: 1}, "has the key None"),
    ({(1, 2): 1}, r"has the key \(1, 2\)"),
    (circular, "is nested too deeply, or contains itself"),
    (deep, "is nested too deeply, or contains itself"),
    (10**5000, "can't be sent: .*4300"),
    (1j, "is a complex, which"),
    (object(), "is an object, which"),
    (Fraction(1, 2), "is a Fraction, which"),
    (lambda: 1, "is a function, which"),
    ((each for each in ()), "is a generator, which"),
]
HOLDERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "itself": (lambda value: value, ""),
    "a list": (lambda value: [0, value], r"\[1\]"),
    "an object": (lambda value: {"w": {"x": value}}, r"\.w\.x"),
    "a tuple in a list": (lambda value: [(value,)], r"\[0\]\[0\]"),
    "a dataclass": (lambda value: Plain(value), r"\.a"),
    "a struct": (lambda value: [Struct(value)], r"\[0\]\.a"),
    "a mapping": (lambda value: UserDict(k=value), r"\.k"),
    "a subclass of list": (lambda value: type("Items", (list,), {})([value]), r"\[0\]"),
    "a subclass of dict": (lambda value: {"o": OrderedDict(k=value)}, r"\.o\.k"),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize(("value", "sent"), SENT, ids=repr)
def test_a_value_is_sent_as_the_plain_value_that_it_is(value: Any, sent: Any, holder: str) -> None:
    hold, _ = HOLDERS[holder]
    assert json.loads(encode({"j": hold(value)})) == json.loads(encode({"j": hold(sent)}))
    assert json.loads(encode({"j": value})) == {"j": sent}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize(("value", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_json_does_not_have_is_refused_with_its_place(value: Any, words: str, holder: str) -> None:
    hold, place = HOLDERS[holder]
    where = "" if words.startswith("is nested") else place
    with pytest.raises(ValueError, match=rf"^j{where}\S* {words}"):
        encode({"text": "x", "j": hold(value)})
    assert not is_surely_sendable({"text": "x", "j": value})


def test_a_usual_value_is_known_to_be_sendable() -> None:
    assert is_surely_sendable({"text": "x", "n": 1, "share": 0.5, "is": True, "big": 10**1000})
    for other in ("ü", [], {}, None, Text("x"), float("nan"), 10**5000):
        assert not is_surely_sendable({"x": other})


def test_what_is_known_to_json_stays_the_same_object() -> None:
    for value in ("x", 1, 0.5, True, None, [Text("x")], {"a": (1,)}, b"x", Path("x"), int, list[int]):
        assert plain(value) is value
    assert type(plain(Text("x"))) is str
    assert plain(Text("x")) == "x"


# --- Other libraries ------------------------------------------------------------------------------


def test_scalars_and_arrays_of_numpy_are_sent() -> None:
    numpy = pytest.importorskip("numpy")
    values = {
        "n": numpy.float64(0.5),
        "i": numpy.int64(3),
        "b": numpy.bool_(True),
        "t": numpy.str_("x"),
        "a": numpy.array([[1, 2], [3, 4]]),
        "l": [numpy.float32(0.5), {numpy.int64(3): numpy.array(["x"])}],
        "d": numpy.datetime64("2026-01-02"),
    }
    sent = {"n": 0.5, "i": 3, "b": True, "t": "x", "a": [[1, 2], [3, 4]], "l": [0.5, {"3": ["x"]}], "d": "2026-01-02"}
    assert json.loads(encode(values)) == sent
    for odd in (numpy.float64("nan"), numpy.array([1.0, numpy.inf]), [numpy.float32("nan")], numpy.array([object()])):
        with pytest.raises(ValueError, match=r"^j"):
            encode({"j": odd})


def test_models_of_pydantic_are_sent() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Model", a=(int, ...), at=(datetime, datetime(2026, 1, 2)))
    assert json.loads(encode({"j": [model(a=1)]})) == {"j": [{"a": 1, "at": "2026-01-02T00:00:00"}]}
    assert plain(model(a=1)) == {"a": 1, "at": "2026-01-02T00:00:00"}
    assert plain(model) is model
