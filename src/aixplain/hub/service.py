"""What a request means. Knows neither HTTP nor SQL: it refuses, answers, or hands a run on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import msgspec

from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Search
from aixplain._wire.validation import FILE_TYPES, did_you_mean, problems
from aixplain.hub.catalog import Entry
from aixplain.hub.engine import Engine
from aixplain.hub.errors import Refusal
from aixplain.hub.execution import Outcome, execute
from aixplain.hub.files import Files
from aixplain.hub.runs import Runs, Standing
from aixplain.hub.store.catalog import find
from aixplain.hub.store.search import search
from aixplain.hub.store.sqlite import SqliteStore


class RunOptions(msgspec.Struct):
    """The switches of one run that this hub knows: an answer in pieces, in the shape of OpenAI's chunks."""

    stream: bool = False
    raw: bool = False


#: What steers a client, and what says for whom a run is: some clients send them among the inputs.
NOT_INPUTS = CLIENT_CONTROLS | RUN_HEADERS.keys()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A run that goes on; its caller asks after it."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """An answer that comes in pieces; `raw` asks for them in the shape of OpenAI's chunks."""

    entry: Entry
    pieces: AsyncGenerator[str, None]
    raw: bool


class Service:
    """The hub's answers, over a catalog, runs, files and an engine."""

    def __init__(self, store: SqliteStore, entries: dict[str, Entry], runs: Runs, engine: Engine, files: Files) -> None:
        self._store = store
        self._entries = entries
        self._by_id = {entry.id: entry for entry in entries.values()}
        self._runs = runs
        self._engine = engine
        self.files = files

    async def search(self, wanted: Search) -> bytes:
        """The page that answers a search."""
        try:
            return await asyncio.to_thread(lambda: search(self._store.reader(), wanted))
        except ValueError as error:
            raise Refusal(400, str(error)) from error

    def get(self, key: str, host: str | None) -> bytes:
        """The MODEL of this id or path; `host` narrows."""
        body = find(self._store.reader(), key, host)
        if body is None:
            raise Refusal(404, self._no_model(key, host))
        return body

    async def run(self, key: str, inputs: dict[str, Any], *, background: bool) -> Outcome | Accepted | Pieces:
        """Run a model: at once, in the background, or in pieces, as the model and the caller want."""
        entry = self._entries.get(key) or self._by_id.get(key)
        if entry is None:
            raise Refusal(404, self._no_model(key, None))
        options = _options(inputs)
        arguments = self._with_paths(entry, _checked(entry, inputs))
        if options.stream and not background:
            return _in_pieces(entry, arguments, options)
        if background or entry.asynchronous:
            run_id = await self._runs.accept(entry.path, arguments)
            self._engine.submit(run_id)
            return Accepted(run_id)
        return await execute(entry, arguments, str(uuid.uuid4()), _ignore_progress)

    def poll(self, run_id: str) -> Standing:
        """How a run stands."""
        standing = self._runs.find(run_id)
        if standing is None:
            raise Refusal(404, f"There is no run '{run_id}' on this hub.")
        return standing

    def _no_model(self, key: str, host: str | None) -> str:
        where = "on this hub" if host is None else f"of the host '{host}' on this hub"
        return f"There is no model '{key}' {where}{did_you_mean(key, self._entries)}."

    def _with_paths(self, entry: Entry, arguments: dict[str, Any]) -> dict[str, Any]:
        """The addresses of this hub's files become paths."""
        kinds = {parameter.name for parameter in entry.parameters if parameter.data_type in FILE_TYPES}
        return {name: self._path(value) if name in kinds else value for name, value in arguments.items()}

    def _path(self, address: Any) -> Any:
        if isinstance(address, list):
            return [self._path(each) for each in address]
        path = self.files.find(address)
        if path is None:
            raise Refusal(
                492,
                f"The input file {address!r:.200} can't be read: this hub takes files that were sent up to it. "
                "Pass the file itself to the SDK or to aix (@file), which send it up.",
            )
        return str(path)


def _options(inputs: dict[str, Any]) -> RunOptions:
    """The run's options, out of the inputs; a top-level `stream` is one of them."""
    given = inputs.pop("options", None)
    try:
        options = msgspec.convert({} if given is None else given, RunOptions)
    except msgspec.ValidationError as error:
        raise Refusal(400, f"'options' holds switches, as in {{\"stream\": true}}: {error}.") from error
    options.stream = options.stream or inputs.get("stream") is True
    return options


def _checked(entry: Entry, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs that the model takes, with its defaults left to it. Raises `Refusal` for what is wrong."""
    names = {parameter.name for parameter in entry.parameters}
    arguments = {name: value for name, value in inputs.items() if value is not None and name not in NOT_INPUTS}
    if "data" in arguments and "data" not in names and entry.first_required:
        arguments = {entry.first_required: arguments.pop("data"), **arguments}
    unknown = [f"Parameter '{name}' not found{did_you_mean(name, names)}" for name in arguments if name not in names]
    wrong = problems(entry.parameters, arguments) + unknown
    if wrong:
        raise Refusal(400, "Parameter validation failed: " + "; ".join(wrong))
    return arguments


def _in_pieces(entry: Entry, arguments: dict[str, Any], options: RunOptions) -> Pieces:
    if not entry.streams:
        raise Refusal(400, f"Model '{entry.name}' (id={entry.id}) does not support streaming.")
    return Pieces(entry, entry.backend.stream(arguments), options.raw)


def _ignore_progress(done: float) -> None:
    """A run that is answered at once is polled by nobody."""
