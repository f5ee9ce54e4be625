"""Parameters as a JSON Schema: a property each, as narrow as the protocol tells it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aixplain._wire.json_schema import json_schema
from aixplain._wire.messages import Parameter


def schema_of(**fields: Any) -> dict[str, Any]:
    """The schema of one parameter."""
    properties: dict[str, dict[str, Any]] = json_schema([Parameter("x", **fields)])["properties"]
    return properties["x"]


@pytest.mark.parametrize(
    ("fields", "schema"),
    [
        ({"data_type": "text"}, {"type": "string"}),
        ({"data_type": "text", "data_sub_type": "text"}, {"type": "string"}),
        ({"data_type": "text", "data_sub_type": "number"}, {"type": "number"}),
        ({"data_type": "text", "data_sub_type": "json"}, {"type": ["object", "array", "string"]}),
        ({"data_type": "label"}, {"type": "string"}),
        ({"data_type": "number"}, {"type": "number"}),
        ({"data_type": "boolean"}, {"type": "boolean"}),
        ({"data_type": "json"}, {"type": ["object", "array", "string"]}),
        ({"data_type": "array"}, {"type": "array"}),
        ({"data_type": "hologram"}, {}),
        ({"data_type": None}, {}),
        ({"data_type": "text", "multiple_values": True}, {"type": "array", "items": {"type": "string"}}),
        ({"data_type": "number", "minimum": 0, "maximum": 1.5}, {"type": "number", "minimum": 0, "maximum": 1.5}),
        (
            {"data_type": "label", "available_options": [{"value": "a", "label": "A"}, "b"]},
            {"type": "string", "enum": ["a", "b"]},
        ),
        (
            {"data_type": "label", "multiple_values": True, "available_options": ["a"]},
            {"type": "array", "items": {"type": "string", "enum": ["a"]}},
        ),
        ({"data_type": "text", "default_values": [{"value": ""}]}, {"type": "string", "default": ""}),
        ({"data_type": "boolean", "default_values": [False]}, {"type": "boolean", "default": False}),
        ({"data_type": "text", "default_values": ["a"], "is_fixed": True}, {"type": "string", "const": "a"}),
        ({"data_type": "text", "is_fixed": True}, {"type": "string"}),
        ({"data_type": "text", "description": "What to say"}, {"type": "string", "description": "What to say"}),
    ],
    ids=str,
)
def test_a_parameter_is_a_property(fields: dict[str, Any], schema: dict[str, Any]) -> None:
    assert schema_of(**fields) == schema


@pytest.mark.parametrize("kind", ["audio", "image", "video", "document"])
def test_a_file_is_an_address(kind: str) -> None:
    assert schema_of(data_type=kind) == {"type": "string", "format": "uri", "description": f"The address of a file: {kind}"}
    assert schema_of(data_type=kind, description="A cat")["description"] == "A cat"


def test_required_parameters_are_required_and_no_other_is_known() -> None:
    schema = json_schema([Parameter("a", True, data_type="text"), Parameter("b"), Parameter("c", True)])
    assert (schema["type"], schema["required"], schema["additionalProperties"]) == ("object", ["a", "c"], False)
    assert list(schema["properties"]) == ["a", "b", "c"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_schema_is_json_and_shares_nothing_with_another() -> None:
    one = json_schema([Parameter("a", data_type="text")])
    one["properties"]["a"]["type"] = "changed"
    assert json_schema([Parameter("a", data_type="text")])["properties"]["a"]["type"] == "string"
    assert msgspec.json.decode(msgspec.json.encode(one)) == one


def test_no_parameters_are_an_empty_object() -> None:
    assert json_schema([])["properties"] == {}
