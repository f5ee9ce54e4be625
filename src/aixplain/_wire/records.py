"""The base of every record on the wire, and readers that keep what can be read."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from typing import Any, Self, TypeVar

import msgspec
from msgspec.structs import FieldInfo

T = TypeVar("T")
StructT = TypeVar("StructT", bound=msgspec.Struct)


class Record(msgspec.Struct):
    """A typed body of the protocol. Unknown keys never break it, and odd values fall back to the default.

    >>> class Point(Record):
    ...     x: int = 0
    >>> Point.from_dict({"x": 1, "unknown": True})
    Point(x=1)
    >>> Point.from_dict({"x": "odd"}).to_dict()
    {'x': 0}
    """

    def to_dict(self) -> dict[str, Any]:
        """The record as plain data, under the names of the wire."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text, under the names of the wire; with `indent`, a line for each value."""
        text = msgspec.json.encode(self.to_dict())
        return (text if indent is None else msgspec.json.format(text, indent=indent)).decode()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The record that `to_dict`, or a service, wrote as plain data."""
        return read(cls, dict(data))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The record that `to_json`, or a service, wrote as JSON text."""
        return cls.from_dict(msgspec.json.decode(text))


def decode(kind: type[T], body: bytes | msgspec.Raw) -> T:
    """Read a JSON body straight into `kind`; when a value in it is odd, read what can be read.

    Raises `msgspec.DecodeError` when the body is no JSON in UTF-8.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return read(kind, parse(body))


def parse(body: bytes | msgspec.Raw) -> Any:
    """The plain data in a JSON body. Raises `msgspec.DecodeError`.

    The NaN and Infinity of Python's services are no JSON, and are read as null.
    """
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error
    except msgspec.DecodeError:
        if b"NaN" not in bytes(body) and b"Infinity" not in bytes(body):
            raise
        return _parse_as_python(bytes(body))


def _parse_as_python(body: bytes) -> Any:
    import json  # slow to import, and few services need it

    try:
        return json.loads(body, parse_constant=lambda name: None)
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error


def read(kind: type[T], value: Any) -> T:
    """Turn plain data into `kind`, with the default in place of each part that doesn't fit.

    A number written as text is a number.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        salvaged: T = _salvage(kind, value)
        return salvaged


# --- What is odd ----------------------------------------------------------------------------------


def _salvage(kind: Any, value: Any) -> Any:
    if kind is msgspec.Raw:
        return _as_raw(value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _salvage_record(kind, value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _salvage_union(arguments, value)
    if origin is list and isinstance(value, list):
        return _salvage_list(arguments[0], value)
    return _lenient(kind, value)


def _lenient(kind: Any, value: Any) -> Any:
    found = msgspec.convert(value, kind, strict=False)
    if isinstance(found, float) and not math.isfinite(found):
        raise msgspec.ValidationError(f"{value!r:.80} is no number")
    return found


def _as_raw(value: Any) -> msgspec.Raw:
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except TypeError as error:
        raise msgspec.ValidationError(str(error)) from error


def _salvage_union(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return read(kind, value)
        except msgspec.ValidationError:
            continue
    raise msgspec.ValidationError(f"{value!r:.80} fits none of {kinds}")


def _salvage_list(kind: Any, values: list[Any]) -> list[Any]:
    kept = []
    for value in values:
        try:
            kept.append(read(kind, value))
        except msgspec.ValidationError:
            continue
    return kept


def _salvage_record(kind: type[StructT], value: Any) -> StructT:
    if not isinstance(value, dict):
        raise msgspec.ValidationError(f"{value!r:.80} is no {kind.__name__}")
    known = {}
    for field in _fields(kind):
        if field.encode_name not in value:
            continue
        try:
            known[field.name] = read(field.type, value[field.encode_name])
        except msgspec.ValidationError:
            if field.required:
                raise
    try:
        return kind(**known)
    except TypeError as missing:
        raise msgspec.ValidationError(str(missing)) from missing


def _fields(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """A record's fields, kept on its class: msgspec works their types out anew each time that it is asked."""
    known: tuple[FieldInfo, ...] | None = vars(kind).get("_known_fields")
    if known is None:
        known = msgspec.structs.fields(kind)
        type.__setattr__(kind, "_known_fields", known)
    return known
