"""Python functions as models: the schema comes from the signature, the runs go to threads."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import re
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from typing import Any, TypeVar

from aixplain.hub.backends import OnProgress, Output
from aixplain.hub.backends.signature import Argument, arguments_of
from aixplain.hub.catalog import Entry
from aixplain.hub.threads import in_thread

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_PATH = re.compile(r"[\w.:@+-]+(/[\w.:@+-]+)*")
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
        target_languages: Sequence[str] = (),
        asynchronous: bool = False,
    ) -> Callable[[FunctionT], FunctionT]:
        """Make a function a model: `@hub.model("acme/shout")`.

        The inputs come from the signature, the description from the docstring. A generator streams.
        `function` is what it does, in the protocol's words; `languages` are the codes of those that it takes (`mul`: any),
        `target_languages` of those that it gives; `asynchronous=True` is for work of more than seconds: it runs in the
        background and is polled. The function stays callable as it was. Raises TypeError for a signature that no caller could
        meet, ValueError for a path that is taken or is none.
        """

        def register(code: FunctionT) -> FunctionT:
            backend = FunctionBackend(code)
            self.add(
                Entry(
                    path=path,
                    function=function,
                    name=name or path.rpartition("/")[2].replace("-", " ").capitalize(),
                    description=description or _unwrapped(inspect.getdoc(code) or ""),
                    developer=developer or path.partition("/")[0],
                    version=version,
                    license=license,
                    languages=tuple(languages),
                    target_languages=tuple(target_languages),
                    asynchronous=asynchronous,
                    streams=backend.streams,
                    parameters=tuple(argument.parameter for argument in backend.arguments.values()),
                    backend=backend,
                )
            )
            return code

        return register

    def add(self, entry: Entry) -> None:
        """Take a model in. Raises ValueError when its path is taken, or is none."""
        if _PATH.fullmatch(entry.path) is None:
            raise ValueError(f"{entry.path!r} is no path of a model. One looks like acme/shout: names, with slashes between.")
        if entry.path in self.entries:
            raise ValueError(f"There are two models at the path {entry.path!r}; a path names one.")
        self.entries[entry.path] = entry

    def include(self, models: Models) -> None:
        """Take the models of another collection in."""
        for entry in models.entries.values():
            self.add(entry)


def _unwrapped(text: str) -> str:
    """A docstring without its line breaks, but those between paragraphs."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


class FunctionBackend:
    """Runs a function: a coroutine on the loop, anything else in a thread, so that it can't stall the loop."""

    def __init__(self, code: Callable[..., Any]) -> None:
        self.arguments: dict[str, Argument] = {argument.parameter.name: argument for argument in arguments_of(code)}
        self.streams = inspect.isgeneratorfunction(code) or inspect.isasyncgenfunction(code)
        self._code = code

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The function's answer; a generator's pieces are joined."""
        _on_progress.set(on_progress)
        call = self._call(inputs)
        if inspect.isasyncgenfunction(self._code):
            return Output("".join([str(piece) async for piece in call()]))
        if inspect.iscoroutinefunction(self._code):
            return _output(await call())
        if inspect.isgeneratorfunction(self._code):
            return Output(await in_thread(lambda: "".join(map(str, call()))))
        return _output(await in_thread(call))

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[str, None]:
        """The pieces that a generator yields, as it yields them."""
        pieces = self._call(inputs)()
        async with contextlib.aclosing(pieces if inspect.isasyncgen(pieces) else _from_thread(pieces)) as source:
            async for piece in source:
                yield str(piece)

    def _call(self, inputs: dict[str, Any]) -> Callable[[], Any]:
        given = {name: self.arguments[name].value(sent) for name, sent in inputs.items()}
        missing = {name: None for name, argument in self.arguments.items() if argument.none_when_missing}
        return functools.partial(self._code, **{**missing, **given})


async def _from_thread(pieces: Generator[Any, None, None]) -> AsyncGenerator[Any, None]:
    """A generator's pieces, each fetched in a thread."""
    fetching: asyncio.Future[Any] | None = None
    try:
        while True:
            fetching = in_thread(functools.partial(next, pieces, _END))
            if (piece := await asyncio.shield(fetching)) is _END:
                return
            yield piece
    finally:
        # A generator can't be closed while a thread is in it, and its own clean-up may block.
        if fetching is not None:
            fetching.add_done_callback(lambda _: in_thread(pieces.close))


def _output(value: Any) -> Output:
    return value if isinstance(value, Output) else Output(value)
