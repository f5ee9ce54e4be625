"""Python functions as models: the schema comes from the signature, the runs go to threads."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import types
import typing
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from aixplain._wire.messages import Parameter
from aixplain.hub.backends import ModelError, OnProgress, Output
from aixplain.hub.catalog import Entry

__all__ = [
    "Audio",
    "Document",
    "FunctionBackend",
    "Image",
    "Input",
    "ModelError",
    "Models",
    "Output",
    "Video",
    "progress",
]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Input:
    """What a type can't say about an input: `Annotated[int, Input(ge=1, le=5)]`.

    `ge` and `le` bound a number, `choices` lists the values that are taken, `type` is the protocol's data type when the
    annotation's own (str: text, int and float: number, bool: boolean, dict: json, Literal: label) is not the one meant.
    """

    ge: float | None = None
    le: float | None = None
    choices: Sequence[Any] = ()
    description: str | None = None
    type: str | None = None


#: A file: the caller gives an address or a local file, the function gets a path.
Audio = Annotated[Path, Input(type="audio")]
Document = Annotated[Path, Input(type="document")]
Image = Annotated[Path, Input(type="image")]
Video = Annotated[Path, Input(type="video")]

_DATA_TYPES: dict[Any, str] = {str: "text", int: "number", float: "number", bool: "boolean", dict: "json", Any: "json"}

_END: Any = object()
_on_progress: contextvars.ContextVar[OnProgress | None] = contextvars.ContextVar("on_progress", default=None)


def progress(done: float) -> None:
    """Tell, from inside a model, how much of the run is done, from 0 to 1. Callers see it when they poll."""
    tell = _on_progress.get()
    if tell is not None:
        tell(min(max(done, 0.0), 1.0))


class Models:
    """A collection of functions that are models. A `Hub` is one; a module can keep its own and `hub.include` it."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def model(
        self,
        path: str,
        *,
        function: str = "utilities",
        name: str | None = None,
        description: str | None = None,
        developer: str = "",
        version: str | None = None,
        license: str | None = None,
        languages: Sequence[str] = (),
        asynchronous: bool = False,
    ) -> Callable[[FunctionT], FunctionT]:
        """Make a function a model: `@hub.model("acme/shout")`.

        The parameters come from the signature, the description from the docstring. A generator streams.
        `function` is what it does, in the protocol's words; `asynchronous=True` is for work of more than seconds: it runs in the
        background and is polled. The function stays callable as it was.
        """

        def register(code: FunctionT) -> FunctionT:
            self.add(
                Entry(
                    path=path,
                    function=function,
                    name=name or path.rpartition("/")[2].replace("-", " ").capitalize(),
                    description=description or inspect.getdoc(code) or "",
                    developer=developer or path.partition("/")[0],
                    version=version,
                    license=license,
                    languages=tuple(languages),
                    asynchronous=asynchronous,
                    streams=_is_generator(code),
                    parameters=tuple(parameters_of(code)),
                    backend=FunctionBackend(code),
                )
            )
            return code

        return register

    def add(self, entry: Entry) -> None:
        """Take a model in. Raises ValueError when its path is taken."""
        if entry.path in self.entries:
            raise ValueError(f"There are two models at the path {entry.path!r}; a path names one")
        self.entries[entry.path] = entry

    def include(self, models: Models) -> None:
        """Take the models of another collection in."""
        for entry in models.entries.values():
            self.add(entry)


def parameters_of(code: Callable[..., Any]) -> Iterator[Parameter]:
    """The parameters that a function's signature tells. Raises TypeError for an annotation that no caller could meet."""
    hints = typing.get_type_hints(code, include_extras=True)
    for parameter in inspect.signature(code).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{code.__name__}() takes {parameter}, which callers can't name; a model's inputs have names")
        yield _parameter(parameter, hints.get(parameter.name, str), code.__name__)


def _parameter(parameter: inspect.Parameter, hint: Any, where: str) -> Parameter:
    extra, hint = _unwrap(hint)
    several = typing.get_origin(hint) in (list, tuple, Sequence, typing.get_origin(Sequence[str]))
    if several:
        inner, hint = _unwrap(typing.get_args(hint)[0])
        extra = extra or inner
    extra = extra or Input()
    choices = list(extra.choices) or list(typing.get_args(hint) if typing.get_origin(hint) is Literal else ())
    kind = extra.type or ("label" if choices and isinstance(choices[0], str) else _data_type(hint, choices))
    if kind is None:
        raise TypeError(f"{where}({parameter.name}: {hint!r}) has a type that callers can't send as JSON")
    has_default = parameter.default is not parameter.empty
    return Parameter(
        parameter.name,
        required=not has_default,
        multiple_values=several,
        data_type=kind,
        data_sub_type=kind,
        default_values=[{"value": parameter.default}] if has_default and parameter.default is not None else [],
        available_options=[{"value": choice, "label": str(choice)} for choice in choices],
        description=extra.description,
        minimum=extra.ge,
        maximum=extra.le,
    )


def _unwrap(hint: Any) -> tuple[Input | None, Any]:
    """The `Input` in an annotation, and its bare type: `Annotated[int | None, Input(…)]` is an int."""
    extra = None
    if typing.get_origin(hint) is Annotated:
        hint, *notes = typing.get_args(hint)
        extra = next((note for note in notes if isinstance(note, Input)), None)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        bare = [each for each in typing.get_args(hint) if each is not type(None)]
        inner, hint = _unwrap(bare[0])
        extra = extra or inner
    return extra, hint


def _data_type(hint: Any, choices: list[Any]) -> str | None:
    kind = type(choices[0]) if choices else typing.get_origin(hint) or hint
    return _DATA_TYPES.get(kind)


def _is_generator(code: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(code) or inspect.isasyncgenfunction(code)


class FunctionBackend:
    """Runs a function: a coroutine on the loop, anything else in a thread, so that it can't stall the loop."""

    def __init__(self, code: Callable[..., Any], executor: Executor | None = None) -> None:
        self._code = code
        self._executor = executor
        self._converters = _converters(code)

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The function's answer; a generator's pieces are joined."""
        arguments = self._arguments(inputs)
        _on_progress.set(on_progress)
        if inspect.isasyncgenfunction(self._code):
            return Output("".join([str(piece) async for piece in self._code(**arguments)]))
        if inspect.iscoroutinefunction(self._code):
            return _output(await self._code(**arguments))
        if inspect.isgeneratorfunction(self._code):
            return Output(await self._in_thread(lambda: "".join(map(str, self._code(**arguments)))))
        return _output(await self._in_thread(lambda: self._code(**arguments)))

    async def stream(self, inputs: dict[str, Any]) -> AsyncIterator[str]:
        """The pieces that a generator yields, one thread call each."""
        pieces = self._code(**self._arguments(inputs))
        if inspect.isasyncgen(pieces):
            async for piece in pieces:
                yield str(piece)
            return
        try:
            while (piece := await self._in_thread(functools.partial(next, pieces, _END))) is not _END:
                yield str(piece)
        finally:
            pieces.close()

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        context = contextvars.copy_context()
        # Shielded, because a thread can't be stopped, and a generator can't be closed while one is in it.
        future = asyncio.get_running_loop().run_in_executor(self._executor, context.run, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    def _arguments(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {name: self._converters.get(name, _same)(value) for name, value in inputs.items()}


def _same(value: Any) -> Any:
    return value


def _whole(value: Any) -> int:
    number = float(value)
    if number != int(number):
        raise ModelError(f"{value!r} is no whole number")
    return int(number)


def _converters(code: Callable[..., Any]) -> dict[str, Callable[[Any], Any]]:
    """Callers may send numbers as text; a function gets what its annotation says."""
    kinds = {name: _unwrap(hint)[1] for name, hint in typing.get_type_hints(code, include_extras=True).items()}
    known: dict[Any, Callable[[Any], Any]] = {int: _whole, float: float, Path: Path}
    return {name: known[kind] for name, kind in kinds.items() if kind in known}


def _output(value: Any) -> Output:
    return value if isinstance(value, Output) else Output(value)
