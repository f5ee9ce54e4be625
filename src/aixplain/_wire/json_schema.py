"""A model's parameters as a JSON Schema, for forms, tool calls and whoever else reads one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import FILE_TYPES, kind_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: dict[str | None, dict[str, Any]] = {
    "text": {"type": "string"},
    "label": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "json": {"type": ["object", "array", "string"]},
    "array": {"type": "array"},
    **{kind: {"type": "string", "format": "uri", "description": f"The address of a file: {kind}"} for kind in FILE_TYPES},
}


def json_schema(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """The object that a run's inputs are, in the words of JSON Schema 2020-12.

    >>> schema = json_schema([Parameter("size", required=True, data_type="number", maximum=5)])
    >>> schema["properties"], schema["required"]
    ({'size': {'type': 'number', 'maximum': 5}}, ['size'])
    """
    known = {parameter.name: parameter for parameter in parameters}
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {name: _property(parameter) for name, parameter in known.items()},
        "required": [name for name, parameter in known.items() if parameter.required],
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = _item(parameter)
    if parameter.multiple_values:
        schema = {"type": "array", "items": schema}
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.default is not None:
        schema["const" if parameter.is_fixed else "default"] = parameter.default
    return schema


def _item(parameter: Parameter) -> dict[str, Any]:
    """One value; a type that the protocol doesn't name takes any."""
    schema = dict(_TYPES.get(kind_of(parameter), {}))
    if parameter.available_options:
        schema["enum"] = parameter.options
    if parameter.minimum is not None:
        schema["minimum"] = parameter.minimum
    if parameter.maximum is not None:
        schema["maximum"] = parameter.maximum
    if parameter.max_length is not None:
        schema["maxLength"] = parameter.max_length
    return schema
