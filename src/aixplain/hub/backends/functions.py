"""Python functions as models: the schema comes from the signature, the runs go to threads."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import itertools
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from aixplain.hub.backends import OnProgress, Output, Piece, as_piece, completed
from aixplain.hub.backends.signature import Argument, arguments_of
from aixplain.hub.catalog import Entry, Policy, is_path
from aixplain.hub.side_loop import on_side_loop, pieces_from_side_loop
from aixplain.hub.threads import in_thread

if TYPE_CHECKING:
    from aixplain.hub.processes.backend import ProcessBackend

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_END: Any = object()
#: How often one function that blocks runs at once, so that it leaves threads for others.
BLOCKING = 16
#: Who is told of the progress of the run that goes on.
progress_listener: contextvars.ContextVar[OnProgress | None] = contextvars.ContextVar("on_progress", default=None)


def progress(done: float) -> None:
    """Tell, from inside a model, how much of the run is done, from 0 to 1. Callers see it when they poll."""
    tell = progress_listener.get()
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
        concurrency: int | None = None,
        timeout: float | None = None,
        retries: int = 0,
        retry_wait: float = 1.0,
        priority: int = 0,
        process: bool = False,
        memory: int | None = None,
    ) -> Callable[[FunctionT], FunctionT]:
        """Make a function a model: `@hub.model("acme/shout")`.

        The inputs come from the signature, the description from the docstring. A generator streams; an `Output` that it yields
        last, `Output(None, usage=…)`, tells what it used.
        `function` is what it does, in the protocol's words; `languages` are the codes of those that it takes (`mul`: any),
        `target_languages` of those that it gives; `asynchronous=True` is for work of more than seconds: it runs in the
        background and is polled. The function stays callable as it was. Raises TypeError for a signature that no caller could
        meet, ValueError for a path that is taken or is none.

        `concurrency` is how often it runs at once (by default a coroutine as often as asked, other functions 16 times),
        `timeout` the seconds that an attempt may take. One that fails for no fault of its inputs is made again up to `retries`
        times, first after about `retry_wait` seconds, then after twice as long each time; a stream is not. Runs that wait go by
        `priority`, the highest first.

        `process=True` runs it in processes of its own, as many as `concurrency` (by default one for each processor); a crash
        ends one of them, as a cancel and the timeout do. `memory` is how many bytes each of them may use, on Linux. The
        function must stand at the top level of a file, else it is a TypeError.
        """
        if memory is not None and (not process or memory <= 0):
            raise ValueError(f"memory={memory} limits a process of the model's own: it is some bytes, beside process=True.")

        def register(code: FunctionT) -> FunctionT:
            backend = _in_processes(code, memory) if process else FunctionBackend(code)
            most = backend.at_once if concurrency is None else concurrency
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
                    policy=Policy(most, timeout, retries, retry_wait, priority),
                    parameters=tuple(argument.parameter for argument in backend.arguments.values()),
                    backend=backend,
                )
            )
            return code

        return register

    def add(self, entry: Entry) -> None:
        """Take a model in. Raises ValueError when its path is taken, or is none."""
        if not is_path(entry.path):
            raise ValueError(f"{entry.path!r} is no path of a model. One looks like acme/shout: names, with slashes between.")
        if entry.path in self.entries:
            raise ValueError(f"There are two models at the path {entry.path!r}; a path names one.")
        self.entries[entry.path] = entry

    def include(self, models: Models) -> None:
        """Take the models of another collection in."""
        for entry in models.entries.values():
            self.add(entry)


def _in_processes(code: Callable[..., Any], memory: int | None) -> ProcessBackend:
    from aixplain.hub.processes.backend import ProcessBackend

    return ProcessBackend(code, memory)


def _unwrapped(text: str) -> str:
    """A docstring without its line breaks, but those between paragraphs."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


class FunctionBackend:
    """Runs a function: a coroutine on the side loop, anything else in a thread, so that it can't stall the hub."""

    def __init__(self, code: Callable[..., Any]) -> None:
        self.arguments: dict[str, Argument] = {argument.parameter.name: argument for argument in arguments_of(code)}
        self._is_coroutine = inspect.iscoroutinefunction(code)
        self._yields = inspect.isgeneratorfunction(code)
        self._yields_on_loop = inspect.isasyncgenfunction(code)
        self.streams = self._yields or self._yields_on_loop
        #: How often it runs at once, unless told otherwise.
        self.at_once = None if self._is_coroutine or self._yields_on_loop else BLOCKING
        self.code = code

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The function's answer; a generator's pieces are joined."""
        progress_listener.set(on_progress)
        call = self.bound(inputs)
        if self._yields_on_loop:
            return await on_side_loop(lambda: _gathered(call()))
        if self._is_coroutine:
            return output_of(await on_side_loop(call))
        if self._yields:
            return await _joined(call())
        return output_of(await in_thread(call))

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The pieces that a generator yields, as it yields them; an `Output` may be the last."""
        call = self.bound(inputs)
        pieces = pieces_from_side_loop(call) if self._yields_on_loop else _from_thread(call())
        async with contextlib.aclosing(pieces) as source:
            async for piece in source:
                yield as_piece(piece)

    def bound(self, inputs: dict[str, Any]) -> Callable[[], Any]:
        """The function with these inputs, to be called. Raises `ModelError` for a value that can't become what it takes."""
        given = {name: self.arguments[name].value(sent) for name, sent in inputs.items()}
        missing = {name: None for name, argument in self.arguments.items() if argument.none_when_missing}
        return functools.partial(self.code, **{**missing, **given})


async def _gathered(pieces: AsyncGenerator[Any, None]) -> Output:
    """An asynchronous generator's pieces as one answer."""
    async with contextlib.aclosing(pieces):
        return whole_of([piece async for piece in pieces])


async def _joined(pieces: Generator[Any, None, None]) -> Output:
    """A generator's pieces as one answer, made in one thread. Who stops waiting closes the generator after its next piece."""
    abandoned = threading.Event()

    def join() -> Output:
        with contextlib.closing(pieces):
            return whole_of(itertools.takewhile(lambda _: not abandoned.is_set(), pieces))

    try:
        return await in_thread(join)
    finally:
        abandoned.set()


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


def whole_of(pieces: Iterable[Any]) -> Output:
    """A generator's pieces as one answer. An `Output` among them, the last one, tells what there is besides the text."""
    texts, end = [], Output(None)
    for piece in pieces:
        if isinstance(piece, Output):
            end = piece
        else:
            texts.append(str(piece))
    return completed(end, "".join(texts))


def output_of(value: Any) -> Output:
    """What a function gave, as an output."""
    return value if isinstance(value, Output) else Output(value)
