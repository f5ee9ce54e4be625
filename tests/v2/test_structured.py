"""A class as the format of an answer, and the answer as an object of it."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, Literal, NamedTuple, TypedDict

import msgspec
import pytest

from aixplain import InputError
from aixplain.v2._inputs.structured import response_format
from aixplain.v2.exceptions import AixplainV2Error, UnexpectedDataError
from aixplain.v2.model import ModelResult

pydantic = pytest.importorskip("pydantic")


class Address(msgspec.Struct):
    city: str
    zip: str | None = None


class Person(msgspec.Struct):
    """Somebody."""

    name: str
    age: int = 0
    tags: list[str] = []
    address: Address | None = None
    parent: Person | None = None


@dataclasses.dataclass
class Card:
    title: str
    default: str = "none"


class Movie(TypedDict, total=False):
    title: str
    year: int


class Mood(pydantic.BaseModel):  # type: ignore[name-defined,misc]
    word: Literal["glad", "angry"]
    why: str | None = None


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every object in a schema."""
    if isinstance(schema, list):
        return [found for each in schema for found in objects(each)]
    if not isinstance(schema, dict):
        return []
    found = [found for each in schema.values() for found in objects(each)]
    return [schema, *found] if schema.get("type") == "object" else found


# --- Asked for ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Person, ["name", "age", "tags", "address", "parent"]),
        (Card, ["title", "default"]),
        (Movie, ["title", "year"]),
        (Mood, ["word", "why"]),
    ],
)
def test_a_class_is_asked_for_as_a_strict_schema(kind: Any, fields: list[str]) -> None:
    wanted = response_format(kind)
    assert wanted["type"] == "json_schema"
    assert (wanted["json_schema"]["name"], wanted["json_schema"]["strict"]) == (kind.__name__, True)
    schema = wanted["json_schema"]["schema"]
    assert schema["type"] == "object"  # no reference at the root
    assert list(schema["properties"]) == schema["required"] == fields
    for each in objects(schema):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
    assert msgspec.json.decode(msgspec.json.encode(wanted)) == wanted


def test_no_default_is_left_in_a_strict_schema_and_no_field_of_that_name_is_lost() -> None:
    schema = response_format(Card)["json_schema"]["schema"]
    assert schema["properties"] == {"title": {"type": "string"}, "default": {"type": "string"}}


def test_a_class_that_names_itself_is_defined_once_more() -> None:
    schema = response_format(Person)["json_schema"]["schema"]
    assert schema["properties"]["parent"] == {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]}
    assert set(schema["$defs"]) == {"Person", "Address"}
    assert "$defs" not in response_format(Card)["json_schema"]["schema"]


class Scores(msgspec.Struct):
    by_name: dict[str, float] = {}


def test_fields_of_any_name_are_not_strict() -> None:
    wanted = response_format(Scores)["json_schema"]
    assert wanted["strict"] is False
    assert wanted["schema"]["properties"]["by_name"]["additionalProperties"] == {"type": "number"}
    assert response_format(dict[str, int])["json_schema"]["strict"] is False


@pytest.mark.parametrize("wanted", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {}}, "json", None, 7, []])
def test_what_is_no_class_is_sent_as_it_is(wanted: Any) -> None:
    assert response_format(wanted) is wanted


class Pair(NamedTuple):
    one: int
    two: int


@pytest.mark.parametrize("kind", [list[int], int, str, list, Pair, Literal["a", "b"]])
def test_a_class_that_is_no_object_is_refused(kind: Any) -> None:
    with pytest.raises(InputError, match="is a class with fields"):
        response_format(kind)


def test_a_class_that_no_json_can_be_is_refused() -> None:
    class Odd(msgspec.Struct):
        value: complex

    with pytest.raises(InputError, match="can't be made of"):
        response_format(Odd)


def test_a_run_sends_the_schema_of_a_class(model_with: Any, service: Any) -> None:
    service.answer = {"status": "SUCCESS", "completed": True, "data": '{"title": "Hi", "default": "x"}'}
    model = model_with("text", {"name": "response_format", "dataType": "json"})
    result = model.run(text="hi", response_format=Card)
    assert service.asked[0].body == {"text": "hi", "response_format": response_format(Card)}
    assert result.parse(Card) == Card("Hi", "x")
    model.run(text="hi", response_format={"type": "json_object"})
    assert service.asked[1].body["response_format"] == {"type": "json_object"}
    assert model.check(text="hi", response_format=Card) == []
    assert len(model.check(text="hi", response_format=list[int])) == 1


def test_a_class_may_be_held_by_the_inputs(model_with: Any, service: Any) -> None:
    service.answer = {"status": "SUCCESS", "completed": True, "data": "{}"}
    model = model_with("text", {"name": "response_format", "dataType": "hologram"})
    model.inputs.response_format = Card
    model.run(text="hi")
    assert service.asked[0].body["response_format"] == response_format(Card)
    assert model.inputs.response_format is Card


# --- Read -----------------------------------------------------------------------------------------


def result(data: Any) -> ModelResult:
    return ModelResult("SUCCESS", True, data=data)


@pytest.mark.parametrize(
    ("data", "kind", "read"),
    [
        ('{"name": "Ada", "age": 36}', Person, Person("Ada", 36)),
        ({"name": "Ada", "address": {"city": "London"}}, Person, Person("Ada", address=Address("London"))),
        ('{"title": "Hi"}', Card, Card("Hi")),
        ({"title": "Hi"}, Card, Card("Hi")),
        ('{"title": "Up", "year": 2009}', Movie, {"title": "Up", "year": 2009}),
        ('{"word": "glad"}', Mood, Mood(word="glad")),
        ({"word": "angry", "why": "rain"}, Mood, Mood(word="angry", why="rain")),
        ("[1, 2]", list[int], [1, 2]),
        ([1, 2], list[int], [1, 2]),
        (7, int, 7),
        ("7", int, 7),
        ("plain words", str, "plain words"),
        ('```json\n{"title": "Hi"}\n```', Card, Card("Hi")),
        ('Here it is:\n\n```\n{"title": "Hi"}\n```\nEnjoy!', Card, Card("Hi")),
        ('```JSON\n{"word": "glad"}\n```', Mood, Mood(word="glad")),
        ('{"title": "```json\\n{}\\n```"}', Card, Card("```json\n{}\n```")),
        ('  \n{"title": "Hi"}\n', Card, Card("Hi")),
    ],
    ids=repr,
)
def test_the_data_is_read_as_the_class(data: Any, kind: Any, read: Any) -> None:
    parsed = result(data).parse(kind)
    assert parsed == read
    assert type(parsed) is type(read)


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        ('{"name": 7}', Person, r"The answer is no Person: Expected `str`, got `int` - at `\$\.name`"),
        ({"age": 36}, Person, "The answer is no Person: Object missing required field `name`"),
        ("I can't do that", Person, 'The answer is no Person: .*It says: "I can\'t do that"'),
        ("", Person, "The answer is no Person"),
        (None, Person, "The answer is no Person"),
        ('{"word": "sad"}', Mood, "The answer is no Mood"),
        ({"word": "sad"}, Mood, "The answer is no Mood"),
        ("not json", Mood, "The answer is no Mood"),
        (None, Mood, "The answer is no Mood"),
        (["a"], list[int], "Expected `int`, got `str`"),
    ],
    ids=repr,
)
def test_an_answer_of_another_shape_is_an_error_that_says_where(data: Any, kind: Any, why: str) -> None:
    with pytest.raises(UnexpectedDataError, match=why) as error:
        result(data).parse(kind)
    assert error.value.data == data
    assert "response_format" in str(error.value)
    assert isinstance(error.value, AixplainV2Error)
    assert isinstance(error.value, ValueError)


def test_a_long_answer_is_cut_in_the_error() -> None:
    with pytest.raises(UnexpectedDataError) as error:
        result("x" * 100_000).parse(Person)
    assert len(str(error.value)) < 1000


def test_a_whole_stream_is_parsed_as_a_run_is(aix: Any) -> None:
    stream = aix.Model.get("acme/count").run_stream(text='{"title": "', upto=0)
    with pytest.raises(UnexpectedDataError):
        stream.result().parse(Card)


def test_the_model_s_class_is_untouched() -> None:
    response_format(Person)
    assert Person("Ada").age == 0
    assert msgspec.json.schema(Person)["$defs"]["Person"]["required"] == ["name"]


# --- Classes that name themselves -----------------------------------------------------------------


class Node(pydantic.BaseModel):  # type: ignore[name-defined,misc]
    value: int
    children: list[Node] = []


class Ping(pydantic.BaseModel):  # type: ignore[name-defined,misc]
    pong: Pong | None = None


class Pong(pydantic.BaseModel):  # type: ignore[name-defined,misc]
    ping: Ping | None = None


@dataclasses.dataclass
class Branch:
    value: int
    children: list[Branch] = dataclasses.field(default_factory=list)


class Tree(msgspec.Struct):
    value: int
    left: Tree | None = None


class Chain(TypedDict, total=False):
    value: int
    next: Chain


class Unfinished(msgspec.Struct):
    part: Nowhere  # type: ignore[name-defined] # noqa: F821


class UnfinishedModel(pydantic.BaseModel):  # type: ignore[name-defined,misc]
    part: Nowhere  # type: ignore[name-defined] # noqa: F821


RECURSIVE: list[tuple[Any, str, Any]] = [
    (Node, '{"value": 1, "children": [{"value": 2}]}', Node(value=1, children=[Node(value=2)])),
    (Ping, '{"pong": {"ping": {"pong": null}}}', Ping(pong=Pong(ping=Ping()))),
    (Branch, '{"value": 1, "children": [{"value": 2}]}', Branch(1, [Branch(2)])),
    (Tree, '{"value": 1, "left": {"value": 2}}', Tree(1, Tree(2))),
    (Chain, '{"value": 1, "next": {"value": 2}}', {"value": 1, "next": {"value": 2}}),
]


@pytest.mark.parametrize(("kind", "data", "read"), RECURSIVE, ids=lambda each: getattr(each, "__name__", ""))
def test_a_class_that_names_itself_is_asked_for_and_read(kind: Any, data: str, read: Any) -> None:
    wanted = response_format(kind)["json_schema"]
    schema = wanted["schema"]
    assert schema["type"] == "object"
    references = re.findall(r'"\$ref": ?"#/\$defs/([^"]+)"', json.dumps(schema))
    assert kind.__name__ in references
    assert set(references) <= set(schema["$defs"])
    assert wanted["strict"] == (kind is not Chain)  # to want every key of it would have no end
    assert ModelResult("SUCCESS", True, data=data).parse(kind) == read
    assert ModelResult("SUCCESS", True, data=json.loads(data)).parse(kind) == read


@pytest.mark.parametrize("kind", [Unfinished, UnfinishedModel])
def test_a_class_with_a_name_that_is_nowhere_is_an_error_of_ours(kind: Any) -> None:
    with pytest.raises(InputError, match="Nowhere"):
        response_format(kind)
    with pytest.raises(UnexpectedDataError, match="Nowhere"):
        ModelResult("SUCCESS", True, data="{}").parse(kind)


@pytest.mark.parametrize("kind", [Tree, Node, list[int], dict[str, Any]])
@pytest.mark.parametrize(
    "data", ["[" * 3000, "[" * 3000 + "]" * 3000, '"\ud83d"', b"\xff", "7" * 5000, [[]], None, float("nan")]
)
def test_odd_data_is_an_error_of_ours(kind: Any, data: Any) -> None:
    with pytest.raises(UnexpectedDataError):
        ModelResult("SUCCESS", True, data=data).parse(kind)


def test_json_that_a_strict_reader_refuses_is_read() -> None:
    assert ModelResult("SUCCESS", True, data='\ufeff{"value": 1, "extra": NaN}').parse(Tree) == Tree(1)
