"""JSON that a strict reader refuses: nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aixplain._wire.lenient_json import _parse_nested, parse_leniently
from aixplain._wire.messages import Detail, Message
from aixplain._wire.open_records import decode_open
from aixplain._wire.records import parse
from aixplain.v2._records import ModelResult

ODD: dict[str, tuple[bytes, Any]] = {
    "half of a surrogate pair": (rb'"a\ud83d"', "a\ufffd"),
    "second half alone": (rb'"\ude00b"', "\ufffdb"),
    "two first halves and a pair": (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
    "an escaped backslash before ud83d": (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
    "a half as bytes": (b'"\xed\xa0\xbd"', "\ufffd" * 3),
    "bytes that are not UTF-8": (b'"a\xff"', "a\ufffd"),
    "NaN and Infinity": (b"[NaN, Infinity, -Infinity, 1]", [None, None, None, 1]),
    "a byte order mark": (b"\xef\xbb\xbf[1]", [1]),
    "UTF-16": ("\ufeff[1]".encode("utf-16-le"), [1]),
    "an int of 5,000 digits": (b"[" + b"7" * 5000 + b"]", ["7" * 5000]),
    "a float beyond any": (b"[1e999, 1.5]", ["1e999", 1.5]),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_value_is_read_as_near_as_can_be(name: str) -> None:
    body, wanted = ODD[name]
    assert parse(body) == wanted


@pytest.mark.parametrize("name", ODD)
def test_an_odd_value_takes_nothing_else_of_a_result_away(name: str) -> None:
    body, wanted = ODD[name]
    told = body.decode("utf-16").encode() if name == "UTF-16" else body.removeprefix(b"\xef\xbb\xbf")
    result: Any = ModelResult.from_body(b'{"status": "SUCCESS", "data": "hi", "odd": ' + told + b', "runTime": 2}')
    assert (result.data, result.run_time, result.odd, result.completed) == ("hi", 2, wanted, True)
    assert ModelResult.from_json(result.to_json()) == result


@pytest.mark.parametrize("depth", [1_100, 50_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}"), ('[{"a" : ', "} ]")])
def test_a_result_may_be_nested_to_any_depth(depth: int, opening: str, closing: str) -> None:
    body = '{"status": "SUCCESS", "data": %s1%s, "details": %s1%s, "runTime": 2}'
    result = ModelResult.from_body((body % ((opening * depth, closing * depth) * 2)).encode())
    inside: Any = result.data
    for _ in range(depth * opening.count('"') // 2 + depth * opening.count("[")):
        inside = inside[0] if isinstance(inside, list) else inside["a"]
    assert (inside, result.run_time, result.usage) == (1, 2, None)
    assert "ModelResult" in repr(result)
    assert result.to_dict()["data"] is result.data
    with pytest.raises(ValueError, match="can't be written as JSON"):
        result.to_json()


def test_parts_that_are_read_late_are_read_as_leniently() -> None:
    body = rb'{"details": [{"message": {"content": "a\ud83d", "refusal": "b"}}], "usage": {"prompt_tokens": NaN}}'
    result = ModelResult.from_body(body)
    assert result.details == [Detail(0, Message("", "a\ufffd", "b"))]
    assert decode_open(Detail, b'{"message": {"content": "\xff"}}').message.content == "\ufffd"
    late = ModelResult.from_body(b'{"status": "SUCCESS", "details": [{"message": {"content": "a\xff"}}]}')
    assert isinstance(late.details, list)
    assert late.details[0].message.content == "a\ufffd"
    assert late.to_dict()["details"][0]["message"] == {"content": "a\ufffd"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.booleans())
def test_plain_json_is_read_as_any_reader_reads_it(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert _parse_nested(text) == value
    assert parse_leniently(text.encode()) == value


@pytest.mark.parametrize(
    "text", ["", "[", "[1", "[1,", "[1,]", '{"a"', '{"a" 1}', "{1: 2}", "[1}", "[] []", '"a', "[nul]", "{,}"]
)
def test_what_is_not_json_stays_an_error(text: str) -> None:
    reads: list[Callable[[], Any]] = [lambda: parse_leniently(text.encode()), lambda: _parse_nested(text)]
    for read in reads:
        with pytest.raises(ValueError):  # noqa: PT011 - json's words vary
            read()
    with pytest.raises(msgspec.DecodeError):
        parse(text.encode())
