"""Records of the wire: what fits is read, what doesn't falls back to the default, and nothing breaks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aixplain._wire.messages import (
    AssetInfo,
    Attribute,
    Detail,
    Message,
    Parameter,
    Pricing,
    Search,
    Usage,
    VendorInfo,
    Version,
)
from aixplain._wire.records import decode, read

PARAM = {
    "name": "temperature",
    "required": True,
    "multipleValues": True,
    "isFixed": True,
    "dataType": "text",
    "dataSubType": "number",
    "values": [1],
    "defaultValues": [{"value": 0.7}],
    "availableOptions": [{"value": 0.7, "label": "warm"}],
}


@pytest.mark.parametrize(
    "record",
    [
        Message("assistant", "hi", tool_calls=[{"id": "1"}], reasoning="because"),
        Detail(1, Message("assistant", "hi"), None, "stop"),
        Usage(1, 2, 3),
        Attribute("license", "license", "MIT"),
        Version("1.2", "v"),
        Pricing(0.1, "TOKEN", "K"),
        VendorInfo(1777, "OpenAI", "openai"),
        AssetInfo("openai/gpt", "openai/gpt/openai"),
        Parameter.from_dict(PARAM),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_survives_the_way_to_plain_data_and_to_json_and_back(record: Any) -> None:
    assert type(record).from_dict(record.to_dict()) == record
    assert type(record).from_json(record.to_json()) == record


def test_a_parameter_is_read_under_the_names_of_the_wire() -> None:
    parameter = Parameter.from_dict(PARAM)
    assert (parameter.required, parameter.multiple_values, parameter.is_fixed) == (True, True, True)
    assert (parameter.data_type, parameter.data_sub_type) == ("text", "number")
    assert (parameter.values, parameter.default, parameter.options) == ([1], 0.7, [0.7])


def test_a_record_is_written_under_the_names_of_the_wire() -> None:
    assert Pricing(0.1, "TOKEN", "K").to_dict() == {"price": 0.1, "unitType": "TOKEN", "unitTypeScale": "K"}


def test_unknown_keys_break_nothing_at_any_depth() -> None:
    told = {"index": 1, "new": {}, "message": {"role": "assistant", "content": "hi", "newer": [1]}}
    assert Detail.from_dict(told) == Detail(1, Message("assistant", "hi"))


@pytest.mark.parametrize("odd", [None, "yes", 7, [], {}])
def test_an_odd_value_becomes_the_default_and_its_neighbours_stay(odd: Any) -> None:
    parameter = Parameter.from_dict({**PARAM, "required": odd})
    assert parameter == Parameter.from_dict({**PARAM, "required": False})


@pytest.mark.parametrize("key", sorted(set(PARAM) - {"name"}))
@pytest.mark.parametrize("told", [{}, None], ids=["missing", "null"])
def test_every_part_of_a_parameter_but_its_name_may_be_missing_or_null(key: str, told: Any) -> None:
    body = {name: value for name, value in PARAM.items() if name != key} | ({key: None} if told is None else {})
    parameter = decode(Parameter, msgspec.json.encode(body))
    assert parameter.name == "temperature"
    assert parameter.to_dict()[key] == Parameter("temperature").to_dict()[key]


@pytest.mark.parametrize(
    ("defaults", "value"), [([{"value": 0}], 0), ([0.5], 0.5), ([""], ""), ([], None), ([{"label": "x"}], {"label": "x"})]
)
def test_a_default_comes_wrapped_or_bare(defaults: list[Any], value: Any) -> None:
    assert Parameter("x", default_values=defaults).default == value


def test_options_come_wrapped_or_bare() -> None:
    assert Parameter("x", available_options=[{"value": "a", "label": "A"}, "b", {"value": None}]).options == ["a", "b", None]


def test_an_odd_item_is_left_out_of_a_list_that_is_read() -> None:
    assert read(list[Parameter], [{"name": "a"}, {}, "odd", None, {"name": "b"}]) == [Parameter("a"), Parameter("b")]


def test_a_record_without_what_it_must_have_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read(Parameter, {"required": True})
    with pytest.raises(msgspec.ValidationError):
        read(Parameter, {"name": 7})


@pytest.mark.parametrize("value", [None, 7, "text", []])
def test_what_is_no_object_is_no_record(value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(Usage, value)


def test_an_odd_part_deep_inside_leaves_the_rest_of_the_message() -> None:
    detail = Detail.from_dict({"index": "first", "message": {"role": 7, "content": "hi", "tool_calls": [{"id": "1"}, 2]}})
    assert detail == Detail(0, Message("", "hi", tool_calls=[{"id": "1"}]))


@pytest.mark.parametrize(
    "told",
    [
        {"reasoning_content": "because"},
        {"reasoning": "because"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "because"}]},
        {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
        {"annotations": [{"type": "url_citation"}]},
        {"refusal": "no"},
        {"content": [{"type": "text", "text": "hi"}]},
    ],
    ids=lambda told: next(iter(told)),
)
def test_a_message_keeps_what_it_carries(told: dict[str, Any]) -> None:
    message = Message.from_dict({"role": "assistant", **told})
    assert {name: getattr(message, name) for name in told} == told


def test_two_records_share_no_default_list() -> None:
    Parameter("a").values.append(1)
    Message().annotations.append(1)
    assert (Parameter("b").values, Message().annotations) == ([], [])


@pytest.mark.parametrize(
    ("told", "count"),
    [
        (12, 12),
        (0, 0),
        ("12", 12),
        (" 12 ", 12),
        ("12.0", 12),
        (12.0, 12),
        (None, None),
        ("NaN", None),
        ("nan", None),
        ("Infinity", None),
        ("", None),
        ("many", None),
        (True, None),
        ([], None),
        ({"total": 1}, None),
    ],
)
def test_a_count_is_an_int_or_none_however_it_comes(told: Any, count: int | None) -> None:
    usage = decode(Usage, msgspec.json.encode({"prompt_tokens": told, "completion_tokens": 2, "total_tokens": told}))
    assert usage == Usage(count, 2, count)
    assert type(usage.prompt_tokens) is type(count)


def test_a_usage_may_be_partial_and_have_details() -> None:
    assert Usage.from_dict({"completion_tokens": "3", "prompt_tokens_details": {"cached_tokens": 1}}) == Usage(None, 3, None)


def test_a_search_takes_functions_in_both_spellings_of_clients() -> None:
    search = decode(Search, b'{"functions": ["translation", {"id": "text-generation"}], "suppliers": ["openai", 1777]}')
    assert search.functions is not None
    assert [each if isinstance(each, str) else each.id for each in search.functions] == ["translation", "text-generation"]
    assert search.suppliers == ["openai", 1777]


def test_a_body_that_is_no_json_is_a_decode_error() -> None:
    for body in (b"", b"<html>", b"{", b'{"total_tokens": "\xff', b"\xff"):
        with pytest.raises(msgspec.DecodeError):
            decode(Usage, body)
