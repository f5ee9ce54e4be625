"""A function's signature as a model's inputs: the parameters that callers see, and the arguments that their values become."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Parameter
from aixplain._wire.plain_data import plain
from aixplain._wire.validation import is_number, problems
from aixplain.hub.backends import ModelError

#: What steers a client, or travels as a header, never reaches a model.
RESERVED = CLIENT_CONTROLS | RUN_HEADERS.keys() | {"options", "self"}


@dataclass(frozen=True, slots=True)
class Input:
    """What a type can't say about an input: `Annotated[int, Input(ge=1, le=5)]`.

    `ge` and `le` bound a number, `longest` the characters of a text, `choices` lists the values that are taken, `type` is the
    protocol's data type when the annotation's own (str: text, int and float: number, bool: boolean, dict: json, Literal: label,
    Path: document) is not the one meant. Raises ValueError for bounds that no value keeps.
    """

    ge: float | None = None
    le: float | None = None
    choices: Sequence[Any] = ()
    description: str | None = None
    type: str | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        if self.longest is not None and self.longest < 1:
            raise ValueError(f"No text has at most {self.longest} characters.")
        if self.ge is not None and self.le is not None and self.ge > self.le:
            raise ValueError(f"No number is from {self.ge:g} to {self.le:g}.")


#: A file: the caller gives an address or a local file, the function gets a path.
Audio = Annotated[Path, Input(type="audio")]
Document = Annotated[Path, Input(type="document")]
Image = Annotated[Path, Input(type="image")]
Video = Annotated[Path, Input(type="video")]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function: the parameter that callers see, and how their value becomes the function's."""

    parameter: Parameter
    convert: Callable[[Any], Any]
    none_when_missing: bool

    def value(self, sent: Any) -> Any:
        """What the function gets for what was sent. Raises `ModelError`."""
        try:
            return self.convert(sent)
        except ValueError as error:
            raise ModelError(f"Parameter '{self.parameter.name}' has invalid value {sent!r:.60}. {error}") from error


def arguments_of(code: Callable[..., Any]) -> tuple[Argument, ...]:
    """The arguments that a function's signature tells. Raises TypeError for one that no caller could meet.

    >>> [argument] = arguments_of(lambda text: text)
    >>> argument.parameter.data_type, argument.parameter.required
    ('text', True)
    """
    if not inspect.isroutine(code):
        raise TypeError(f"A model is a function, and {code!r} is none.")
    where = f"{code.__qualname__}()"
    try:
        hints = typing.get_type_hints(code, include_extras=True)
    except NameError as error:
        raise TypeError(
            f"The annotations of {where} can't be read: {error}. Import what they name when the program runs."
        ) from error
    parameters = inspect.signature(code).parameters.values()
    return tuple(_argument(parameter, hints.get(parameter.name, str), where) for parameter in parameters)


def _argument(parameter: inspect.Parameter, hint: Any, where: str) -> Argument:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise TypeError(f"{where} takes {parameter}, which callers can't name; a model's inputs have names.")
    if parameter.name in RESERVED:
        raise TypeError(
            f"{where} takes {parameter.name!r}, which is for the client and never reaches a model; name it otherwise."
        )
    try:
        shape = _shape(hint)
    except TypeError as error:
        raise TypeError(f"The input {parameter.name!r} of {where} has the type {_named(hint)}: {error}.") from error
    told = _told(parameter, shape)
    wrong = [] if told.default is None else problems([told], {parameter.name: told.default})
    if wrong:
        raise TypeError(f"The default of {parameter.name!r} in {where} is not a value that callers could send: {wrong[0]}.")
    return Argument(told, shape.converter(), none_when_missing=shape.optional and parameter.default is parameter.empty)


def _told(parameter: inspect.Parameter, shape: _Shape) -> Parameter:
    """The parameter as the catalog tells it."""
    default = None if parameter.default is parameter.empty else _plain(parameter.default)
    return Parameter(
        parameter.name,
        required=parameter.default is parameter.empty and not shape.optional,
        multiple_values=shape.container is not None,
        # As the platform declares numbers: official clients then send them as text too.
        data_type="text" if shape.type == "number" else shape.type,
        data_sub_type=shape.type,
        default_values=[] if default is None else [{"value": default}],
        available_options=[{"value": choice, "label": str(choice)} for choice in shape.choices],
        description=shape.note.description,
        minimum=shape.note.ge,
        maximum=shape.note.le,
        max_length=shape.note.longest,
    )


def _plain(value: Any) -> Any:
    """A default as it travels."""
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, set | frozenset) else plain(value)


def _named(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an annotation says: the protocol's type, and how a value of it becomes the function's."""

    type: str
    convert: Callable[[Any], Any]
    choices: tuple[Any, ...] = ()
    container: Callable[[Iterable[Any]], Any] | None = None
    optional: bool = False
    note: Input = Input()

    def converter(self) -> Callable[[Any], Any]:
        container = self.container
        if container is None:
            return self.convert
        return lambda value: container(map(self.convert, value if isinstance(value, list) else [value]))


def _same(value: Any) -> Any:
    return value


def _whole(value: Any) -> int:
    """Callers may send numbers as text; a large int stays exact."""
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("Expected a whole number")
    try:
        return int(value)
    except ValueError:
        return _whole(float(value))


def _number(value: Any) -> int | float:
    return value if isinstance(value, int | float) else float(value)


def _mapping(value: Any) -> Any:
    """Callers may send JSON as text."""
    found = msgspec.json.decode(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError("Expected an object")
    return found


_TYPES: dict[Any, _Shape] = {
    str: _Shape("text", _same),
    int: _Shape("number", _whole),
    float: _Shape("number", float),
    bool: _Shape("boolean", _same),
    dict: _Shape("json", _mapping),
    Mapping: _Shape("json", _mapping),
    Any: _Shape("json", _same),
    Path: _Shape("document", Path),
}
_CONTAINERS: dict[Any, Callable[[Iterable[Any]], Any]] = {
    **dict.fromkeys((list, Sequence, Collection, Iterable), list),
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}


def _shape(hint: Any) -> _Shape:
    """What an annotation says. Raises TypeError with the reason why it can't be an input's."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        notes = (note for note in arguments[1:] if isinstance(note, Input))
        return functools.reduce(_noted, notes, _shape(arguments[0]))
    if origin in (typing.Union, types.UnionType):
        return _one_of(arguments)
    if origin is Literal:
        return _choice(arguments)
    base = origin or hint
    if base in _CONTAINERS:
        return _collection(_CONTAINERS[base], arguments)
    if base in _TYPES:
        return _TYPES[base]
    if isinstance(base, type) and issubclass(base, Enum):
        chosen = _choice(tuple(member.value for member in base))
        return replace(chosen, convert=lambda value: base(chosen.convert(value)))
    raise TypeError("JSON has nothing that becomes one; there are str, int, float, bool, dict, list, Literal and Path")


def _noted(shape: _Shape, note: Input) -> _Shape:
    if note.choices:
        chosen = _choice(tuple(note.choices))
        shape = replace(shape, type=chosen.type, convert=chosen.convert, choices=chosen.choices)
    said = {name: value for name in ("ge", "le", "description", "longest") if (value := getattr(note, name)) is not None}
    return replace(shape, type=note.type or shape.type, note=replace(shape.note, **said))


def _one_of(hints: tuple[Any, ...]) -> _Shape:
    shapes = [_shape(hint) for hint in hints if hint is not type(None)]
    if len(shapes) > 1 and all(shape in (_TYPES[int], _TYPES[float]) for shape in shapes):
        shapes = [_Shape("number", _number)]
    if len(shapes) > 1:
        raise TypeError("an input has one type, or one and None")
    return replace(shapes[0], optional=type(None) in hints)


def _choice(choices: tuple[Any, ...]) -> _Shape:
    if all(isinstance(choice, str) for choice in choices):
        kind = "label"
    elif all(isinstance(choice, bool) for choice in choices):
        kind = "boolean"
    elif all(is_number(choice) for choice in choices):
        kind = "number"
    else:
        raise TypeError("its choices are of more than one type")
    return _Shape(kind, lambda value: next((each for each in choices if str(each) == str(value)), value), choices)


def _collection(container: Callable[[Iterable[Any]], Any], arguments: tuple[Any, ...]) -> _Shape:
    items = [argument for argument in arguments if argument is not ...]
    if len(items) > 1:
        raise TypeError("a list has values of one type")
    if not items or items == [Any]:
        return _Shape("array", container)
    shape = _shape(items[0])
    return (
        _Shape("array", container)
        if shape.container is not None or shape.type == "array"
        else replace(shape, container=container)
    )
