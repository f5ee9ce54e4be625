"""The base of every record on the wire, and a decoder that keeps what can be read."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, Self, TypeVar

import msgspec

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

    def to_json(self) -> str:
        """The record as JSON text, under the names of the wire."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The record that `to_dict`, or a service, wrote as plain data."""
        return read(cls, dict(data))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The record that `to_json`, or a service, wrote as JSON text."""
        return cls.from_dict(msgspec.json.decode(text))


def decode(kind: type[T], body: bytes) -> T:
    """Read a JSON body straight into `kind`; when a value in it is odd, read what can be read.

    Raises `msgspec.DecodeError` when the body is no JSON in UTF-8.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        return read(kind, msgspec.json.decode(body))
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def read(kind: type[T], value: Any) -> T:
    """Turn plain data into `kind`, with the default in place of each part that doesn't fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        salvaged: T = _salvage(kind, value)
        return salvaged


def _salvage(kind: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _salvage_union(arguments, value)
    if kind is msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))
    if origin is list and isinstance(value, list):
        return _salvage_list(arguments[0], value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return _salvage_record(kind, value)
    raise msgspec.ValidationError(f"{value!r:.80} is no {kind}")


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


def _salvage_record(kind: type[StructT], value: dict[str, Any]) -> StructT:
    known = {}
    for field in msgspec.structs.fields(kind):
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
