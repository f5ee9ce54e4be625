"""Structured output: a class as the format of an answer, and the answer as an object of that class.

A class is a `msgspec.Struct`, a dataclass, a TypedDict or a model of pydantic; `parse` takes any type that msgspec decodes,
such as `list[int]`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, get_origin

import msgspec

from aixplain._wire.records import parse as parse_json
from aixplain._wire.validation import shown
from aixplain.v2.exceptions import InputError, UnexpectedDataError

T = TypeVar("T")

#: What msgspec and pydantic raise for data of another shape, for a class that they can't read, and for deep nesting.
UNUSABLE = (TypeError, ValueError, NameError, AttributeError, RuntimeError)

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)


def response_format(wanted: Any) -> Any:
    """What a run sends for `response_format`: the schema of a class in OpenAI's wrapping, anything else as it is.

    Raises `InputError` for a type that is no object of JSON.

    >>> class Person(msgspec.Struct):
    ...     name: str
    >>> response_format(Person)["json_schema"]["schema"]["required"]
    ['name']
    """
    if not isinstance(wanted, type) and get_origin(wanted) is None:
        return wanted
    name = _name(wanted)
    schema = _schema(wanted)
    if schema.get("type") != "object":
        raise InputError(f"response_format is a class with fields, and {name} is none; make it the field of a class")
    strict = _close(schema)
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}


def parse(data: Any, kind: type[T]) -> T:
    """The data of a result as a `kind`. Text is read as JSON, with or without a fence of Markdown around it.

    Raises `UnexpectedDataError`.

    >>> parse('{"numbers": [1, 2]}', dict[str, list[int]])
    {'numbers': [1, 2]}
    """
    try:
        parsed: T = _parse(data, kind)
    except UNUSABLE as error:
        raise UnexpectedDataError(
            f"The answer is no {_name(kind)}: {error}. It says: {shown(data, 200)}. "
            "Ask the model for that shape with response_format, where it takes one, or in the prompt.",
            data,
        ) from error
    return parsed


def _parse(data: Any, kind: Any) -> Any:
    read_json, read_plain = _readers(kind)
    if kind is str or not isinstance(data, str):
        return read_plain(data)
    data = data.lstrip("\ufeff \t\r\n")
    fenced = None if data.startswith(("{", "[")) else _FENCED.search(data)
    text = fenced[1] if fenced else data
    try:
        return read_json(text)
    except ValueError:
        return read_plain(parse_json(text.encode("utf-8", "replace")))  # NaN and what else a model writes for JSON


def _readers(kind: Any) -> tuple[Callable[[str], Any], Callable[[Any], Any]]:
    """How a class is read from JSON, and from plain data."""
    if _is_pydantic(kind):
        return kind.model_validate_json, kind.model_validate
    return lambda text: msgspec.json.decode(text, type=kind), lambda plain: msgspec.convert(plain, kind)


def _is_pydantic(kind: Any) -> bool:
    library = sys.modules.get("pydantic")  # a class of it can't be without it
    return library is not None and isinstance(kind, type) and bool(issubclass(kind, library.BaseModel))


def _name(kind: Any) -> str:
    return re.sub(r"\W+", "_", getattr(kind, "__name__", str(kind)), flags=re.ASCII)[:64]


# --- Schemas --------------------------------------------------------------------------------------


def _schema(kind: Any) -> dict[str, Any]:
    """The schema of a class, an object at its root: services take no reference there.

    Parts that are used more than once, or inside themselves, are under `$defs`.
    """
    try:
        schema, parts = _schema_and_parts(kind)
    except UNUSABLE as error:
        raise InputError(f"response_format can't be made of {kind!r}: {error}") from error
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    root = dict(parts.get(name, schema))
    if not any(each.get("$ref") == schema.get("$ref") for part in parts.values() for each in _all(part)):
        parts.pop(name, None)
    return {**root, "$defs": parts} if parts else root


def _schema_and_parts(kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of a class, which may be a reference to one of its parts, and the parts by name."""
    if _is_pydantic(kind):
        schema: dict[str, Any] = kind.model_json_schema()
        return schema, schema.pop("$defs", {})
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return schema, parts


def _close(schema: dict[str, Any]) -> bool:
    """Make every object want all of its fields and no other, as strict services ask.

    False where an object has any names, or has a field that may be left out and can't be empty: a key of a TypedDict that is
    itself an object, and perhaps one of the same kind without end.
    """
    schemas = list(_all(schema))
    objects = [each for each in schemas if each.get("type") == "object"]
    if not all("properties" in each and not each.get("additionalProperties") for each in objects):
        return False
    if any(
        "$ref" in part and name not in each.get("required", ()) for each in objects for name, part in each["properties"].items()
    ):
        return False
    for each in objects:
        each.update(additionalProperties=False, required=list(each["properties"]))
    for each in schemas:
        each.pop("default", None)
    return True


def _all(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema, and every schema inside it."""
    yield schema
    for key in ("properties", "$defs"):
        for part in schema.get(key, {}).values():
            yield from _all(part)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in schema.get(key, ()):
            yield from _all(part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _all(schema[key])
