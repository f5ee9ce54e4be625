"""Does a value fit a parameter? Every rule of the protocol, once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import QuickLook, did_you_mean, fits, is_number, plain, problems
from aixplain.v2.enums import AssetStatus, Function, Language, Supplier

NUMBER = Parameter("size", data_type="text", data_sub_type="number")
TEXT = Parameter("text", required=True, data_type="text")


def typed(data_type: str | None, data_sub_type: str | None = None, **more: Any) -> Parameter:
    return Parameter("x", data_type=data_type, data_sub_type=data_sub_type, **more)


@pytest.mark.parametrize("value", [0, -1, 0.5, 10**30, "7", "0.5", "-1e3", " 7 "])
def test_a_number_is_an_int_a_float_or_a_numeric_string(value: Any) -> None:
    assert is_number(value)
    assert fits(NUMBER, value)
    assert fits(typed("number"), value)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        float("nan"),
        float("inf"),
        float("-inf"),
        10**400,
        "NaN",
        "inf",
        "-Infinity",
        "many",
        "",
        "1,5",
        [1],
        {},
        b"1",
    ],
)
def test_a_bool_nan_an_infinity_or_a_word_is_no_number(value: Any) -> None:
    assert not is_number(value)
    assert not fits(NUMBER, value)
    assert not fits(typed("number"), value)


@pytest.mark.parametrize(
    ("parameter", "value", "good"),
    [
        (typed("text"), "hi", True),
        (typed("text"), "", True),
        (typed("text"), 7, False),
        (typed("text"), ["hi"], False),
        (typed("text"), {"a": 1}, False),
        (typed("text"), True, False),
        (typed("text", "text"), "hi", True),
        (typed("text", "new"), "hi", True),
        (typed("label"), "yes", True),
        (typed("label"), 7, False),
        (typed("boolean"), True, True),
        (typed("boolean"), 1, False),
        (typed("boolean"), "true", False),
        (typed("json"), {"a": 1}, True),
        (typed("json"), [1], True),
        (typed("json"), '{"a": 1}', True),
        (typed("json"), 7, False),
        (typed("text", "json"), {"a": 1}, True),
        (typed("text", "json"), [1], True),
        (typed("text", "json"), "[]", True),
        (typed("text", "json"), 7, False),
        (typed("array"), [1], True),
        (typed("array"), (1,), True),
        (typed("array"), "1", False),
        (typed("audio"), "https://example.com/a.mp3", True),
        (typed("document"), 7, False),
        (typed("hologram"), object(), True),
        (typed(None), object(), True),
    ],
)
def test_each_data_type_takes_its_own_values(parameter: Parameter, value: Any, *, good: bool) -> None:
    assert fits(parameter, value) is good


@pytest.mark.parametrize("member", [Function.TRANSLATION, Supplier.OPENAI, Language.SPANISH, AssetStatus.ONBOARDED])
def test_a_member_of_an_enum_is_its_text(member: Any) -> None:
    assert fits(typed("text"), member)
    assert fits(typed("label"), member)


@pytest.mark.parametrize(
    ("value", "travels"),
    [
        (Function.TEXT_GENERATION, "text-generation"),
        (Supplier.OPENAI, "openai"),
        (Language.SPANISH, "es"),
        (Language.SPANISH_MEXICO, "es"),
        ((Language.SPANISH_MEXICO, "fr"), ["es", "fr"]),
        ([Language.SPANISH_MEXICO, "fr"], ["es", "fr"]),
        ({"to": Language.SPANISH_MEXICO}, {"to": "es"}),
    ],
    ids=repr,
)
def test_members_travel_as_wire_values_wherever_they_stand(value: Any, travels: Any) -> None:
    assert msgspec.json.decode(msgspec.json.encode(plain(value))) == travels


def test_each_of_several_values_is_checked() -> None:
    several = typed("text", "number", multiple_values=True)
    assert fits(several, [1, "2", 3.0])
    assert fits(several, (1, 2))
    assert fits(several, [])
    assert not fits(several, [1, True])
    (problem,) = problems([several], {"x": [1, "two"]})
    assert problem == "Parameter 'x' has invalid type. Expected text, got list (item 1 is 'two')"


def test_several_values_where_one_is_wanted_are_refused() -> None:
    assert problems([TEXT], {"text": ["a"]}) == ["Parameter 'text' has invalid type. Expected text, got list"]


def test_a_wrong_type_is_said_in_the_words_that_people_match_on() -> None:
    assert problems([TEXT], {"text": 7}) == ["Parameter 'text' has invalid type. Expected text, got int"]


def test_a_value_that_is_no_number_is_shown() -> None:
    (problem,) = problems([NUMBER], {"size": "many"})
    assert problem == "Parameter 'size' has invalid type. Expected text, got str ('many' is no number)"


def test_every_problem_is_told() -> None:
    assert problems([TEXT, NUMBER, Parameter("to", required=True)], {"size": True}) == [
        "Required parameter 'text' is missing",
        "Parameter 'size' has invalid type. Expected text, got bool (True is no number)",
        "Required parameter 'to' is missing",
    ]


@pytest.mark.parametrize("value", ["", 0, False, [], {}])
def test_an_empty_value_is_a_value(value: Any) -> None:
    assert problems([Parameter("x", required=True)], {"x": value}) == []


def test_none_is_no_value() -> None:
    assert problems([TEXT], {"text": None}) == ["Required parameter 'text' is missing"]
    assert problems([NUMBER], {"size": None}) == []


def test_data_stands_for_a_missing_text_alone() -> None:
    language = Parameter("to", required=True, data_type="label")
    assert problems([TEXT], {"data": {"any": "thing"}}) == []
    assert problems([TEXT, language], {"data": "hi"}) == ["Required parameter 'to' is missing"]
    assert problems([TEXT], {"data": None}) == ["Required parameter 'text' is missing"]
    assert problems([TEXT], {"data": "hi", "text": 7}) != []


@pytest.mark.parametrize("value", ["es", Language.SPANISH, Language.SPANISH_MEXICO])
def test_an_option_is_taken_as_text_or_as_a_member(value: Any) -> None:
    language = typed("label", available_options=[{"value": "es", "label": "Spanish"}, "fr"])
    assert problems([language], {"x": value}) == []


def test_a_value_beside_the_options_is_refused_with_the_options() -> None:
    language = typed("label", available_options=[{"value": "es", "label": "Spanish"}, "fr"])
    assert problems([language], {"x": "de"}) == ["Parameter 'x' has invalid value 'de'. Expected one of 'es', 'fr'"]


def test_an_option_may_be_a_number_written_as_text() -> None:
    size = typed("text", "number", available_options=[{"value": 1}, {"value": "2"}])
    assert problems([size], {"x": "1"}) == problems([size], {"x": 2}) == []
    assert problems([size], {"x": 3}) != []


def test_each_of_several_values_is_held_to_the_options() -> None:
    languages = typed("label", multiple_values=True, available_options=["es", "fr"])
    assert problems([languages], {"x": ["es", "fr"]}) == []
    assert problems([languages], {"x": ["es", "de"]}) == ["Parameter 'x' has invalid value 'de'. Expected one of 'es', 'fr'"]


@pytest.mark.parametrize(
    ("low", "high", "bad", "words"),
    [(1, 5, 6, "a number from 1 to 5"), (1, None, 0.5, "1 or more"), (None, 5, "5.1", "5 or less")],
)
def test_a_number_out_of_range_is_refused_with_the_range(low: Any, high: Any, bad: Any, words: str) -> None:
    size = typed("text", "number", minimum=low, maximum=high)
    assert problems([size], {"x": bad}) == [f"Parameter 'x' has invalid value {bad!r}. Expected {words}"]
    assert problems([size], {"x": low or high}) == []


KINDS = ["text", "label", "number", "boolean", "json", "array", "audio", "hologram", None]
ANYTHING = [
    *(None, True, False, 0, 1, 7, -1.5, float("nan"), float("inf"), 10**400, "", "7", "NaN", "es", "de", "word"),
    *([], ["es"], ["es", 7], [True], [[1]], ("es",), {}, {"a": 1}, b"x", object(), Language.SPANISH, Function.TRANSLATION),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"multiple_values": True},
        {"minimum": 0, "maximum": 5},
        {"available_options": ["es", {"value": 7}, "7"]},
        {"is_fixed": True, "default_values": [{"value": 7}]},
        {"data_sub_type": "number"},
        {"data_sub_type": "json", "multiple_values": True},
    ],
    ids=str,
)
def test_the_quick_look_never_lets_pass_what_the_close_one_finds(kind: str | None, more: dict[str, Any]) -> None:
    parameter = Parameter("x", data_type=kind, **more)
    accepts = QuickLook([parameter]).accepts
    given = [value for value in ANYTHING if value is not None]
    assert [value for value in given if accepts({"x": value}) and problems([parameter], {"x": value})] == []
    # It may call a good value odd, but only a member of an enum.
    refused = [value for value in given if not accepts({"x": value}) and not problems([parameter], {"x": value})]
    assert all(isinstance(value, Function | Language) for value in refused)


@pytest.mark.parametrize(
    "values", [{}, {"text": "hi"}, {"data": "hi"}, {"messages": []}, {"data": "hi", "size": 1}, {"messages": [], "size": 1}]
)
@pytest.mark.parametrize("names", ["text", "text messages", "text size", "text messages size"])
def test_the_quick_look_knows_what_may_stand_for_a_text(names: str, values: dict[str, Any]) -> None:
    parameters = [Parameter(name, required=name in ("text", "size")) for name in names.split()]
    known = all(name in (*names.split(), "data") for name in values)
    accepted = QuickLook(parameters, others={"data"}).accepts(values)
    assert accepted == (known and not problems(parameters, values))


@pytest.mark.parametrize("value", [7, 7.0, "7"])
def test_a_fixed_value_is_the_same_however_it_is_written(value: Any) -> None:
    fixed = typed("text", "number", is_fixed=True, default_values=[{"value": 7}])
    assert problems([fixed], {"x": value}) == []


def test_another_value_than_the_fixed_one_is_refused() -> None:
    fixed = typed("label", is_fixed=True, default_values=["en"])
    assert problems([fixed], {"x": "fr"}) == ["Parameter 'x' has invalid value 'fr'. It is fixed at 'en'"]
    assert problems([typed("label", is_fixed=True)], {"x": "fr"}) == []  # fixed, but at nothing


def test_the_nearest_name_is_suggested_else_all_when_they_are_few() -> None:
    assert did_you_mean("temprature", ["text", "temperature"]) == " (did you mean 'temperature'?)"
    assert did_you_mean("zzz", ["text", "size"]) == " (there are: text, size)"
    assert did_you_mean("zzz", [f"name{number}" for number in range(50)]) == did_you_mean("zzz", []) == ""
