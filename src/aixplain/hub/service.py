"""What a request means. Knows neither HTTP nor SQL: it refuses, answers, or hands a run on."""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import msgspec

from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Search
from aixplain._wire.validation import FILE_TYPES, did_you_mean, problems
from aixplain.hub.backends import ModelError, Output
from aixplain.hub.catalog import Entry
from aixplain.hub.engine import Engine
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import RAISED, canceled, execute, failed, failure_of, finished, logger
from aixplain.hub.files import Files
from aixplain.hub.once import Once, check_same
from aixplain.hub.runs import Asked, Runs
from aixplain.hub.store import Earlier, Ending, Standing, Waiting
from aixplain.hub.store.catalog import find
from aixplain.hub.store.search import search
from aixplain.hub.store.sqlite import SqliteStore


class RunOptions(msgspec.Struct):
    """The switches of one run that this hub knows: an answer in pieces, in the shape of OpenAI's chunks."""

    stream: bool = False
    raw: bool = False


#: What steers a client, and what says for whom a run is: some clients send them among the inputs.
NOT_INPUTS = CLIENT_CONTROLS | RUN_HEADERS.keys()
#: A request with neither an API key nor an idempotency key.
NO_KEYS = Asked()
ANOTHER_READER = "The answer for this idempotency key is being streamed to somebody else; it is read there."


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
        self._once = Once()
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

    async def run(
        self, key: str, inputs: dict[str, Any], *, background: bool, asked: Asked = NO_KEYS
    ) -> Ending | Accepted | Pieces:
        """Run a model: at once, in the background, or in pieces, as the model and the caller want."""
        entry = self._entries.get(key) or self._by_id.get(key)
        if entry is None:
            raise Refusal(404, self._no_model(key, None))
        options = _options(inputs)
        arguments = self._with_paths(entry, _checked(entry, inputs))
        if options.stream and not background:
            return await self._stream(entry, arguments, options, asked)
        if background or entry.asynchronous:
            return await self._accept(entry, arguments, asked)
        return await self._once.join(entry.path, asked, lambda: self._answer(entry, arguments, asked))

    async def poll(self, run_id: str, hold: float = 0.0) -> Standing:
        """How a run stands: now, or when it ended if that is within `hold` seconds."""
        standing = await (self._runs.attend(run_id, hold) if hold else self._runs.find(run_id))
        if standing is None:
            raise Refusal(404, _no_run(run_id))
        return standing

    async def cancel(self, run_id: str) -> Standing:
        """Give a run up: one that waits ends at once, one that goes on is told to stop. What was canceled stays so."""
        if await self._runs.cancel(run_id):
            await self._engine.cancel(run_id)
        standing = await self.poll(run_id)
        if standing.state != "canceled":
            raise Refusal(409, f"The run '{run_id}' is over ({standing.state}), so there is nothing to cancel.")
        return standing

    async def _accept(self, entry: Entry, arguments: dict[str, Any], asked: Asked) -> Accepted:
        self._once.going_on(entry.path, asked)
        taken = await self._runs.accept(entry.path, arguments, asked)
        if isinstance(taken, Earlier):
            check_same(asked, taken.digest)
        else:
            self._engine.submit(Waiting(taken.id, taken.model, taken.priority))
        return Accepted(taken.id)

    async def _answer(self, entry: Entry, arguments: dict[str, Any], asked: Asked) -> Ending:
        if (earlier := await self._earlier(entry, asked)) is not None:
            return earlier
        run_id, started_at = str(uuid.uuid4()), time.time()
        ending = await execute(entry, arguments, run_id, _ignore_progress)
        await self._record(run_id, entry, asked, ending, started_at)
        return ending

    async def _stream(self, entry: Entry, arguments: dict[str, Any], options: RunOptions, asked: Asked) -> Pieces | Ending:
        if not entry.streams:
            raise Refusal(400, f"Model '{entry.name}' (id={entry.id}) does not support streaming.")
        if self._once.going_on(entry.path, asked) is not None:
            raise Refusal(409, ANOTHER_READER)
        earlier = await self._earlier(entry, asked)
        return earlier or Pieces(entry, self._pieces(entry, arguments, asked), options.raw)

    async def _pieces(self, entry: Entry, arguments: dict[str, Any], asked: Asked) -> AsyncGenerator[str, None]:
        """The pieces of an answer. However it ends is noted; what its reader left may be asked for again with the same key."""
        if self._once.going_on(entry.path, asked) is not None:
            raise ModelError(ANOTHER_READER, 409)
        run_id, started_at, started = str(uuid.uuid4()), time.time(), time.perf_counter()
        told, ending = io.StringIO(), canceled(run_id)
        with self._once.noted(entry.path, asked):
            try:
                async with contextlib.aclosing(entry.backend.stream(arguments)) as pieces:
                    async for piece in pieces:
                        told.write(piece)
                        yield piece
                ending = finished(run_id, entry, Output(told.getvalue()), time.perf_counter() - started)
            except RAISED as error:
                message, status = failure_of(entry, error)
                ending = failed(run_id, message, status)
                raise ModelError(message, status) from error
            finally:
                kept = asked if ending.state != "canceled" else Asked(asked.caller)
                await self._record(run_id, entry, kept, ending, started_at)

    async def _earlier(self, entry: Entry, asked: Asked) -> Ending | None:
        """The answer that this request had before. Raises `Refusal` when its key stands for another one."""
        earlier = await self._runs.keyed(entry.path, asked)
        if earlier is None:
            return None
        check_same(asked, earlier.digest)
        return None if earlier.result is None else Ending(earlier.state, earlier.result)

    async def _record(self, run_id: str, entry: Entry, asked: Asked, ending: Ending, started_at: float) -> None:
        """Note what was answered at once. The answer is there, so it is given, also when the disk is full."""
        try:
            await self._runs.record(run_id, entry.path, asked, ending, started_at)
        except HubError as error:
            logger.error("a run of %s was answered, but can't be noted: %s", entry.path, error)

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


def _no_run(run_id: str) -> str:
    return f"There is no run '{run_id}' on this hub."


def _ignore_progress(done: float) -> None:
    """A run that is answered at once is polled by nobody."""
