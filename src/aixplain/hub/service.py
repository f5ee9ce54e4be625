"""What a request means. Knows neither HTTP nor SQL: it refuses, answers, or hands a run on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aixplain._wire.messages import CLIENT_CONTROLS, Search
from aixplain._wire.validation import FILE_TYPES, did_you_mean, problems
from aixplain.hub.catalog import Entry
from aixplain.hub.engine import Engine
from aixplain.hub.errors import Refusal
from aixplain.hub.execution import Outcome, execute
from aixplain.hub.files import Files
from aixplain.hub.runs import Runs, Standing
from aixplain.hub.store import catalog
from aixplain.hub.store.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class Accepted:
    """A run that goes on; its caller asks after it."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """An answer that comes in pieces; `raw` asks for them in the shape of OpenAI's chunks."""

    entry: Entry
    pieces: AsyncIterator[str]
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
            return await asyncio.to_thread(lambda: catalog.search(self._store.reader(), wanted))
        except ValueError as error:
            raise Refusal(400, str(error)) from error

    def get(self, key: str) -> bytes:
        """The MODEL of this id or path."""
        body = catalog.find(self._store.reader(), key)
        if body is None:
            raise Refusal(404, self._no_model(key))
        return body

    async def run(self, key: str, inputs: dict[str, Any], *, background: bool) -> Outcome | Accepted | Pieces:
        """Run a model: at once, in the background, or in pieces, as the model and the caller want."""
        entry = self._entry(key)
        options = inputs.pop("options", None) or {}
        streams = bool(options.get("stream") or inputs.get("stream"))
        arguments = self._with_paths(entry, self._check(entry, inputs))
        if streams and not background:
            return self._stream(entry, arguments, raw=bool(options.get("raw")))
        if background or entry.asynchronous:
            run_id = await self._runs.accept(entry.path, arguments)
            self._engine.submit(run_id)
            return Accepted(run_id)
        return await execute(entry, arguments, str(uuid.uuid4()), _ignore_progress)

    def poll(self, run_id: str) -> Standing:
        """How a run stands."""
        standing = self._runs.find(run_id)
        if standing is None:
            raise Refusal(404, f"There is no run '{run_id}' on this hub; it may have expired.")
        return standing

    def _stream(self, entry: Entry, arguments: dict[str, Any], *, raw: bool) -> Pieces:
        if not entry.streams:
            raise Refusal(400, f"Model '{entry.name}' (id={entry.id}) does not support streaming.")
        return Pieces(entry, entry.backend.stream(arguments), raw)

    def _entry(self, key: str) -> Entry:
        entry = self._entries.get(key) or self._by_id.get(key)
        if entry is None:
            raise Refusal(404, self._no_model(key))
        return entry

    def _no_model(self, key: str) -> str:
        return f"There is no model '{key}' on this hub{did_you_mean(key, self._entries)}."

    def _check(self, entry: Entry, inputs: dict[str, Any]) -> dict[str, Any]:
        """The inputs that the model takes, with its defaults left to it. Raises `Refusal` for what is wrong."""
        names = {parameter.name for parameter in entry.parameters}
        arguments = {
            name: value
            for name, value in inputs.items()
            if value is not None and (name in names or name not in CLIENT_CONTROLS)
        }
        if "data" in arguments and "data" not in names and entry.required_text:
            arguments.setdefault(entry.required_text, arguments.pop("data"))
            arguments.pop("data", None)
        unknown = [f"Parameter '{name}' not found{did_you_mean(name, names)}" for name in arguments if name not in names]
        wrong = problems(entry.parameters, arguments) + unknown
        if wrong:
            raise Refusal(400, "Parameter validation failed: " + "; ".join(wrong))
        return arguments

    def _with_paths(self, entry: Entry, arguments: dict[str, Any]) -> dict[str, Any]:
        """The addresses of this hub's files become paths."""
        kinds = {parameter.name for parameter in entry.parameters if parameter.data_type in FILE_TYPES}
        return {name: self._path(value) if name in kinds else value for name, value in arguments.items()}

    def _path(self, address: str) -> str:
        try:
            return str(self.files.find(address))
        except Refusal as error:
            raise Refusal(
                492,
                f"The input file {address!r:.200} can't be read: this hub takes files that were sent up to it. "
                "Pass the file itself to the SDK or to aix (@file), which send it up.",
            ) from error


def _ignore_progress(done: float) -> None:
    """A run that is answered at once is polled by nobody."""
