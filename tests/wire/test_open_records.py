"""Records that stay open: what no field holds is not lost, and what is read late is the same as what is read at once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from aixplain._wire.messages import Attribute, Detail, Message, Parameter, Pricing, Usage, VendorInfo, Version
from aixplain._wire.open_records import LateRecord, OpenRecord, decode_all_open, decode_open, read_all_open, read_late
from aixplain.v2.model import Model, ModelResult

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda record: pickle.loads(pickle.dumps(record)),
    lambda record: type(record).from_dict(record.to_dict()),
    lambda record: type(record).from_json(record.to_json()),
]
each_copy = pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle", "to_dict", "to_json"])


class Point(OpenRecord, rename="camel"):
    x: int = 0
    label_text: str | None = None
    inner: Any = None


TOLD = {"x": 1, "labelText": None, "fillColour": "red", "deep": {"list": [1, {"a": None}]}, "inner": {"free": 1}}


@pytest.fixture(params=["from_dict", "decode_open"])
def point(request: pytest.FixtureRequest) -> Point:
    return Point.from_dict(TOLD) if request.param == "from_dict" else decode_open(Point, msgspec.json.encode(TOLD))


def test_keys_that_no_field_holds_read_as_attributes_in_either_spelling(point: Any) -> None:
    assert (point.fillColour, point.fill_colour, point.deep) == ("red", "red", {"list": [1, {"a": None}]})


def test_the_data_stays_reachable_as_it_came(point: Point) -> None:
    assert point._raw_data == TOLD
    assert point._raw_data is point._raw_data  # decoded once


def test_a_record_made_by_hand_has_its_fields_as_data() -> None:
    assert Point(2)._raw_data == {"x": 2, "labelText": None, "inner": None}


def test_an_attribute_that_nobody_told_is_an_attribute_error_that_python_can_explain(point: Any) -> None:
    with pytest.raises(AttributeError, match=r"'Point' has no attribute 'colour', and the answer has no such key") as error:
        _ = point.colour
    assert (error.value.name, error.value.obj) == ("colour", point)
    with pytest.raises(AttributeError, match=r"'Point' has no attribute 'x_y'$"):
        _ = Point(1).x_y  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["_private", "__len__", "_repr_html_"])
def test_a_name_that_python_or_a_notebook_asks_for_is_no_key(name: str) -> None:
    assert not hasattr(Point.from_dict({name: 1}), name)


def test_completion_shows_the_further_keys(point: Point) -> None:
    assert {"x", "fillColour", "to_dict"} <= set(dir(point))


@each_copy
def test_a_copy_is_equal_and_has_the_further_keys(point: Any, copied: Callable[[Any], Any]) -> None:
    twin = copied(point)
    assert (twin, twin.fill_colour, twin.to_dict()) == (point, "red", TOLD)
    assert type(twin) is Point


def test_a_deep_copy_shares_nothing(point: Any) -> None:
    twin = copy.deepcopy(point)
    twin.deep["list"].clear()
    twin.inner.clear()
    assert (point.deep["list"], point.inner) == ([1, {"a": None}], {"free": 1})


def test_what_was_changed_is_written_as_it_is_now(point: Point) -> None:
    point.x = 7
    point.inner = {}
    assert point.to_dict() == {**TOLD, "x": 7, "inner": {}}


def test_the_data_given_is_not_held_on_to() -> None:
    given = dict(TOLD)
    point: Any = Point.from_dict(given)
    given["fillColour"] = "blue"
    assert point.fill_colour == "red"


# --- Odd values -----------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [{"message": "no message"}, {"message": ["hi"]}, {"message": {"annotations": "odd"}}])
def test_an_odd_part_is_written_as_it_came_and_its_neighbours_are_read(odd: dict[str, Any]) -> None:
    detail = Detail.from_dict({"index": 2, **odd})
    assert (detail.message, detail.index) == (Message(), 2)
    assert Detail.from_dict(detail.to_dict()) == detail
    written = detail.to_dict()["message"]
    assert written == odd["message"] or written["annotations"] == "odd"


@pytest.mark.parametrize("odd", [{"text": "x"}, ["x"], 7])
def test_an_odd_value_comes_back_in_to_dict_until_the_field_is_set(odd: Any) -> None:
    point = Point.from_dict({"labelText": odd})
    assert (point.label_text, point.to_dict()["labelText"]) == (None, odd)
    point.label_text = "now"
    assert point.to_dict()["labelText"] == "now"


def test_a_field_that_was_set_to_none_stays_none() -> None:
    point = Point.from_dict({"labelText": "x"})
    point.label_text = None
    assert point.to_dict()["labelText"] is None


def test_no_number_is_none_wherever_it_is_written() -> None:
    usage = Usage.from_dict({"prompt_tokens": "NaN", "cached": 3})
    assert usage.to_dict() == {"prompt_tokens": None, "cached": 3}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Usage, {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}}),
        (Message, {"role": "assistant", "audio": {"id": "a"}}),
        (Detail, {"index": 0, "message": {"role": "assistant", "audio": {"id": "a"}}, "content_filter": [1]}),
        (Attribute, {"name": "license", "since": 2020}),
        (Parameter, {"name": "text", "isDynamic": True}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
@each_copy
def test_parts_of_an_answer_are_open(kind: Any, told: dict[str, Any], copied: Callable[[Any], Any]) -> None:
    part = copied(kind.from_dict(told))
    for key, value in told.items():
        assert part.to_dict()[key] == (value if key != "message" else part.message.to_dict())
        assert key == "message" or getattr(part, key) == value


def test_a_part_inside_is_open_as_well() -> None:
    detail: Any = Detail.from_dict({"message": {"content": "hi", "audio": {"id": "a"}}})
    assert detail.message.audio == {"id": "a"}
    assert decode_open(Detail, b'{"message": {"content": "hi", "audio": 7}}').message.audio == 7


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Parameter, {"name": "text", "required": True, "values": [], "isDynamic": True}),
        (Parameter, {"name": "text", "required": None, "defaultValues": None, "minimum": 1}),
        (Pricing, {"price": 0.1, "currency": "credits"}),
        (Version, {"id": "v", "released": None}),
        (VendorInfo, {"code": "openai", "logo": {"url": "x"}}),
        (Usage, {"total_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}}),
        (Message, {"content": None, "reasoning": "because", "audio": 1}),
        (Detail, {"message": {"content": "hi", "new": 1}}),
        (Detail, {}),
        (Attribute, {"name": "license"}),
        (ModelResult, {"status": "IN_PROGRESS", "data": "http://127.0.0.1/x"}),
        (ModelResult, {"status": "SUCCESS", "details": [{"index": 1, "message": {"role": "a"}}], "usage": {"total_tokens": 1}}),
        (ModelResult, {"status": "SUCCESS", "details": {"a": None}, "usage": None, "asset": {"assetId": "x"}}),
        (Model, {"id": "m", "name": "n"}),
        (Model, {"id": "m", "function": {"id": "translation"}, "vendor": {"id": 1, "more": 2}, "params": [{"name": "text"}]}),
        (Model, {"assetInfo": {"assetPath": "a/m", "more": 1}, "pricing": {"price": 1}, "attributes": {"license": "MIT"}}),
        (
            Model,
            {"id": "m", "version": {"name": "1"}, "attributes": [], "params": None, "function": None, "supportsBYOC": True},
        ),
    ],
)
def test_a_record_is_written_as_it_was_read(kind: Any, told: dict[str, Any]) -> None:
    """No key is lost, and none is invented."""
    assert kind.from_dict(told).to_dict() == told
    assert decode_open(kind, msgspec.json.encode(told)).to_dict() == told
    assert kind.from_json(kind.from_dict(told).to_json()).to_dict() == told


def test_a_field_that_was_set_is_written_though_it_was_not_told() -> None:
    parameter = Parameter.from_dict({"name": "text"})
    parameter.required = True
    assert parameter.to_dict() == {"name": "text", "required": True}
    model = Model.from_dict({"id": "m", "pricing": {"price": 1.0}})
    model.pricing = Pricing(2.0)
    assert model.to_dict()["pricing"] == {"price": 2.0, "unitType": None, "unitTypeScale": None}


@pytest.mark.parametrize("odd", [None, 7, [], {"required": True}, {"name": 7}])
def test_what_is_no_parameter_is_a_value_error(odd: Any) -> None:
    with pytest.raises(ValueError, match="not the data of a Parameter") as error:
        Parameter.from_dict(odd)
    assert type(error.value) is ValueError
    with pytest.raises(ValueError, match="not the JSON of a Parameter"):
        Parameter.from_json("{")


# --- Lists ----------------------------------------------------------------------------------------

read_points = msgspec.json.Decoder(list[Point]).decode


def test_each_record_of_a_list_has_its_own_further_keys() -> None:
    points: list[Any] = decode_all_open(read_points, b'[{"x": 1, "a": "one"}, {"x": 2}, {"x": 3, "a": "three"}]')
    assert [point.x for point in points] == [1, 2, 3]
    assert (points[2].a, points[0].a, hasattr(points[1], "a")) == ("three", "one", False)


def test_a_record_of_a_list_can_be_pickled_without_the_list() -> None:
    points = decode_all_open(read_points, msgspec.json.encode([{"a": "one"}, {"b": "x" * 100_000}]))
    assert len(pickle.dumps(points[0])) < 1000


@pytest.mark.parametrize("told", [None, {}, "x", 7, True])
def test_what_is_no_list_has_no_records(told: Any) -> None:
    assert read_all_open(Point, told) == []


def test_of_an_odd_list_what_can_be_read_is_read() -> None:
    told = [{"name": "a", "more": 1}, None, 7, "x", [], {}, {"name": 7}, {"name": "b", "required": "odd"}]
    read: list[Any] = read_all_open(Parameter, told)
    assert [each.name for each in read] == ["a", "b"]
    assert read[0].more == 1


# --- Late -----------------------------------------------------------------------------------------

if TYPE_CHECKING:
    Late = list[int] | None
else:
    Late = msgspec.Raw

readings: list[bytes] = []


def read_numbers(body: msgspec.Raw) -> list[int]:
    readings.append(bytes(body))
    return msgspec.json.decode(body, type=list[int])


@read_late(numbers=read_numbers)
class Series(LateRecord):
    name: str = ""
    numbers: Late = None


SERIES = b'{"name": "a", "numbers": [1, 2], "unit": "m"}'


@pytest.fixture
def series() -> Series:
    readings.clear()
    return decode_open(Series, SERIES)


def test_a_late_field_is_decoded_when_it_is_read_and_once(series: Series) -> None:
    assert readings == []
    assert series.numbers is series.numbers
    assert (series.numbers, readings) == ([1, 2], [b"[1, 2]"])


def test_a_late_field_is_set_and_given_as_any_other() -> None:
    by_hand = Series("a", [1])
    assert by_hand.numbers == [1]
    by_hand.numbers = None
    assert by_hand.numbers is None
    assert Series().numbers is None


def test_records_are_equal_whether_or_not_they_were_read(series: Series) -> None:
    assert series == Series("a", [1, 2]) == decode_open(Series, b'{ "numbers":[ 1,2 ], "name":"a" }')
    assert series != Series("a", [1])
    assert series != "a"


def test_a_late_field_shows_in_the_repr(series: Series) -> None:
    assert repr(series) == "Series(name='a', numbers=[1, 2])"


@each_copy
def test_a_copy_of_what_was_not_read_is_whole(series: Any, copied: Callable[[Any], Any]) -> None:
    twin = copied(series)
    assert (twin, twin.unit, twin.numbers) == (series, "m", [1, 2])
