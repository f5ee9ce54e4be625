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

#: What msgspec raises for JSON that it can't read into a type: its own errors, those of UTF-8, and one for deep nesting.
UNREADABLE = (ValueError, RecursionError)


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
        try:
            plain: dict[str, Any] = msgspec.to_builtins(self)
        except RecursionError:  # an answer nested more deeply than msgspec goes; such values are plain data already
            names = zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True)
            plain = {key: _plain(getattr(self, name)) for key, name in names}
        return plain

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text, under the names of the wire; with `indent`, a line for each value.

        Raises `ValueError` for data that JSON can't have, or that is nested too deeply.
        """
        try:
            text = msgspec.json.encode(self.to_dict())
        except (TypeError, *UNREADABLE) as error:
            raise ValueError(f"This {type(self).__name__} can't be written as JSON: {error}") from error
        return (text if indent is None else msgspec.json.format(text, indent=indent)).decode()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The record that `to_dict`, or a service, wrote as plain data. Raises `ValueError` when nothing can be read of it."""
        try:
            return cls._read(dict(data))
        except (TypeError, ValueError) as error:
            raise ValueError(f"This is not the data of a {cls.__name__}: {error}") from error

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The record that `to_json`, or a service, wrote as JSON text. Raises `ValueError` for text that is not JSON."""
        try:
            data = parse(text.encode("utf-8", "replace") if isinstance(text, str) else text)
        except msgspec.DecodeError as error:
            raise ValueError(f"This is not the JSON of a {cls.__name__}: {error}") from error
        return cls.from_dict(data)

    @classmethod
    def _read(cls, data: dict[str, Any]) -> Self:
        return read(cls, data)


def decode(kind: type[T], body: bytes | msgspec.Raw) -> T:
    """Read a JSON body straight into `kind`; when a value in it is odd, read what can be read.

    Raises `msgspec.DecodeError` when the body is not JSON.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE:
        return read(kind, parse(body))


def parse(body: bytes | msgspec.Raw) -> Any:
    """Return the plain data in a JSON body, which may be odd in the ways that services have. Raises `msgspec.DecodeError`."""
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        from aixplain._wire.lenient_json import parse_leniently  # few services need it

        try:
            return parse_leniently(bytes(body))
        except ValueError as error:
            raise msgspec.DecodeError(str(error)) from error


def read(kind: type[T], value: Any) -> T:
    """Turn plain data into `kind`, with the default in place of each part that doesn't fit.

    A number written as text is a number.
    """
    try:
        return msgspec.convert(value, kind)
    except UNREADABLE:
        salvaged: T = _salvage(kind, value)
        return salvaged


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, list) and any(isinstance(each, Record) for each in value):
        return [_plain(each) for each in value]
    return value


# --- What is odd ----------------------------------------------------------------------------------


def _salvage(kind: Any, value: Any) -> Any:
    if kind is Any:
        return value
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
    try:
        found = msgspec.convert(value, kind, strict=False)
    except (OverflowError, RecursionError) as error:  # an int beyond any float, a value beyond any depth
        raise msgspec.ValidationError(str(error)) from error
    if isinstance(found, float) and not math.isfinite(found):
        raise msgspec.ValidationError(f"{_shown(value)} is no number")
    return found


def _shown(value: Any) -> str:
    """A value as an error names it: not what a container holds, which may be nested too deeply to be shown."""
    return f"a {type(value).__name__}" if isinstance(value, list | dict) else f"{value!r:.80}"


def _as_raw(value: Any) -> msgspec.Raw:
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except (TypeError, *UNREADABLE) as error:
        raise msgspec.ValidationError(str(error)) from error


def _salvage_union(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return read(kind, value)
        except msgspec.ValidationError:
            continue
    raise msgspec.ValidationError(f"{_shown(value)} fits none of {kinds}")


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
        raise msgspec.ValidationError(f"{_shown(value)} is no {kind.__name__}")
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
