"""What a request means. Knows neither HTTP nor SQL: it refuses, answers, or hands a run on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from itertools import islice
from sqlite3 import Connection
from typing import Annotated, Any

import msgspec

from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Search
from aixplain._wire.validation import did_you_mean, problems, shortened
from aixplain.hub.answers import Answers
from aixplain.hub.backends import Piece
from aixplain.hub.backends.bounded import BoundedBackend
from aixplain.hub.catalog import LONGEST, Entry
from aixplain.hub.engine import Engine
from aixplain.hub.errors import Refusal
from aixplain.hub.files import Files, at_hand, wanted
from aixplain.hub.ids import new_id
from aixplain.hub.limits import Limiter
from aixplain.hub.logs import trace_run
from aixplain.hub.once import check_same
from aixplain.hub.outgoing import problem_with
from aixplain.hub.processes.backend import ProcessBackend
from aixplain.hub.runs import Asked, Runs, new_order
from aixplain.hub.settings import Settings
from aixplain.hub.store.keys import Key
from aixplain.hub.store.runs import Ending, Listed, Standing, Wanted
from aixplain.hub.store.sqlite.catalog import find, path_of
from aixplain.hub.store.sqlite.facets import facets
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.search import search


class RunOptions(msgspec.Struct):
    """The switches of one run that this hub knows: an answer in pieces, in the shape of OpenAI's chunks.

    `deadline` is the number of seconds, from now, in which the run must be over; one that is not expires. `webhookUrl` is an
    address that is told how the run ended.
    """

    stream: bool = False
    raw: bool = False
    deadline: Annotated[float, msgspec.Meta(gt=0, lt=LONGEST)] | None = None
    webhook: str | None = msgspec.field(default=None, name="webhookUrl")


#: What steers a client, and what says for whom a run is: some clients send them among the inputs.
NOT_INPUTS = CLIENT_CONTROLS | RUN_HEADERS.keys()
#: A request with neither an API key nor an idempotency key.
NO_KEYS = Asked()
TOO_MANY_WAIT = (
    "The hub has {} runs waiting, and takes no more until some of them are done. Nothing was kept: send it again later."
)
TOO_MANY_STREAMS = "The hub answers {} requests in pieces, and begins no more until one is done. Send it again later."
#: Names that a misspelt one is compared with, at most, for that takes long; of more models, those that begin with as many
#: letters alike.
MOST_COMPARED, ALIKE = 300, 3
#: Letters of the id or path of a model.
LONGEST_KEY = 5000
#: Items of a list that are checked on the event loop; more are checked in a thread.
MANY_ITEMS = 1000
#: Unknown names that are told, each with a suggestion.
MOST_TOLD = 10
#: Seconds until another attempt may be worth it.
QUEUE_SECONDS, STREAM_SECONDS = 5, 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """A run that goes on; its caller asks after it."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """An answer that comes in pieces, and as a whole at the end; `raw` asks for text in the shape of OpenAI's chunks."""

    run_id: str
    entry: Entry
    pieces: AsyncGenerator[Piece, None]
    raw: bool


class Service:
    """The hub's answers, over a catalog, runs, files and an engine."""

    def __init__(
        self,
        store: SqliteStore,
        entries: dict[str, Entry],
        runs: Runs,
        answers: Answers,
        engine: Engine,
        files: Files,
        limiter: Limiter,
        settings: Settings,
    ) -> None:
        self._store = store
        self._entries = entries
        self._paths: dict[str, str] = {}
        self._runs = runs
        self._answers = answers
        self._engine = engine
        self._limiter = limiter
        self._settings = settings
        self.files = files

    async def search(self, wanted: Search, by: Key) -> bytes:
        """The page that answers a search, of what a key may use."""
        return await self._looked_up(search, wanted, by)

    async def facets(self, wanted: Search, by: Key) -> bytes:
        """What a search could be narrowed to, with the number of models, of what a key may use."""
        return await self._looked_up(facets, wanted, by)

    def get(self, key: str, host: str | None, by: Key) -> bytes:
        """The MODEL of this id or path, unless it is hidden from who asks; `host` narrows."""
        entry = self.entry(key)
        body = find(self._store.reader(), key, host) if entry is not None and by.may_use(entry.path, entry.id) else None
        if body is None:
            raise Refusal(404, self._no_model(key, host, by))
        return body

    def entry(self, key: str) -> Entry | None:
        """The model of this path or id. An id stands for the same path for ever."""
        is_known = key in self._entries or key in self._paths or len(key) > LONGEST_KEY
        if not is_known and (path := path_of(self._store.reader(), key)):
            self._paths[key] = path
        return self._entries.get(self._paths.get(key, key))

    def usable(self, key: str, by: Key) -> Entry:
        """The model of this id or path, which this key may run. Raises `Refusal`."""
        entry = self.entry(key)
        if entry is None:
            raise Refusal(404, self._no_model(key, None, by))
        if not by.may_use(entry.path, entry.id):
            told = shortened(key, LONGEST_KEY)
            raise Refusal(403, f"The key '{by.name}' is not for the model '{told}'. Ask whoever made it, or use another one.")
        return entry

    def stops_with_caller(self, key: str, asked: Asked) -> bool:
        """Whether the work of a run is stopped when its caller leaves: where it can be, and nobody comes back for its answer.

        With an idempotency key a caller may come back. A built-in model then begins anew, which costs nobody anything.
        """
        entry = self.entry(key)
        if entry is None:
            return False
        return isinstance(entry.backend, BoundedBackend) or (asked.key is None and isinstance(entry.backend, ProcessBackend))

    async def run(
        self, key: str, inputs: dict[str, Any], *, background: bool, by: Key, asked: Asked = NO_KEYS
    ) -> Ending | Accepted | Pieces:
        """Run a model: at once, in the background, or in pieces, as the model and the caller want."""
        entry = self.usable(key, by)
        options = _options(inputs)
        arguments = await wanted(self.files, entry, await _checked_apart(entry, inputs))
        asked = msgspec.structs.replace(asked, seconds=options.deadline, webhook=self._checked_webhook(options.webhook))
        streams = options.stream and not background
        if streams and not entry.streams:
            raise Refusal(400, f"Model '{entry.name}' (id={entry.id}) does not support streaming.")
        waits = not streams and (background or entry.asynchronous)
        await self._admit(entry, asked, by, self._no_room(waits=waits, streams=streams))
        if waits:
            return await self._accept(entry, arguments, asked)
        arguments = await at_hand(self.files, entry, arguments)
        if streams:
            return await self._stream(entry, arguments, options, asked)
        return await self._answers.whole(entry, arguments, asked)

    async def standing(self, run_id: str, by: Key) -> Standing:
        """How a run stands now. It is there for the key that asked for it, and for those that administer."""
        trace_run(run_id)
        standing = await self._runs.find(run_id)
        if standing is None or not (by.is_admin or standing.caller == by.id):
            raise Refusal(404, f"There is no run '{run_id}' on this hub.")
        return standing

    async def poll(self, run_id: str, by: Key, hold: float = 0.0) -> Standing:
        """How a run stands: now, or when it ended if that is within `hold` seconds."""
        standing = await self.standing(run_id, by)
        if hold and not standing.is_over:
            standing = await self._runs.attend(run_id, hold) or standing
        if standing.is_over and standing.result is None:
            raise Refusal(404, f"The run '{run_id}' is over ({standing.state}), and its answer is not kept any more.")
        return standing

    @property
    def is_stopping(self) -> bool:
        """Whether nobody is held any longer."""
        return self._runs.is_stopping

    async def cancel(self, run_id: str, by: Key) -> Standing:
        """Give a run up: one that waits ends at once, one that goes on is told to stop. What was canceled stays so."""
        await self.standing(run_id, by)
        if await self._runs.cancel(run_id):
            await self._engine.cancel(run_id)
        standing = await self.poll(run_id, by)
        if standing.state != "canceled":
            raise Refusal(409, f"The run '{run_id}' is over ({standing.state}), so there is nothing to cancel.")
        return standing

    async def listed(self, wanted: Wanted) -> tuple[int, list[Listed]]:
        """How many runs are wanted, and a page of them. A model is named by its path or its id."""
        entry = self.entry(wanted.model or "")
        return await self._runs.listed(wanted if entry is None else msgspec.structs.replace(wanted, model=entry.path))

    async def run_row(self, run_id: str, by: Key) -> Listed:
        """A run that a key may see, as it is listed."""
        await self.standing(run_id, by)
        row = await self._runs.row(run_id)
        if row is None:
            raise Refusal(404, f"There is no run '{run_id}' on this hub.")
        return row

    async def retry(self, run_id: str, by: Key) -> Accepted:
        """Run what a run was, anew and in the background, where its inputs are kept still. Raises `Refusal`."""
        row = await self.run_row(run_id, by)
        if row.state in ("accepted", "started"):
            raise Refusal(409, f"The run '{run_id}' goes on. Cancel it first, or wait for its answer.")
        entry = self.usable(row.model, by)
        inputs = await self._runs.inputs(run_id)
        if inputs is None:
            raise Refusal(410, f"The run '{run_id}' is over ({row.state}), and its inputs are not kept. Run the model anew.")
        asked = Asked(by.id)
        await self._admit(entry, asked, by, self._no_room(waits=True, streams=False))
        return await self._accept(entry, msgspec.json.decode(inputs), asked)

    async def _looked_up(
        self, look: Callable[[Connection, Search, tuple[str, ...] | None], bytes], wanted: Search, by: Key
    ) -> bytes:
        try:
            return await self._store.read(lambda file: look(file, wanted, by.models))
        except ValueError as error:
            raise Refusal(400, str(error)) from error

    def _no_room(self, *, waits: bool, streams: bool) -> Refusal | None:
        """Why a run that waits for its turn, or a stream, can't be begun now."""
        backlog, open_streams = self._engine.backlog, self._answers.open_streams
        if waits and backlog >= self._settings.longest_queue:
            return Refusal(503, TOO_MANY_WAIT.format(backlog), retry_after=QUEUE_SECONDS)
        if streams and open_streams >= self._settings.most_streams:
            return Refusal(503, TOO_MANY_STREAMS.format(open_streams), retry_after=STREAM_SECONDS)
        return None

    async def _admit(self, entry: Entry, asked: Asked, by: Key, no_room: Refusal | None) -> None:
        """Let a request in and count it, unless it was counted before, by its idempotency key. Raises `Refusal`."""
        if asked.key is not None and (no_room is not None or by.is_limited) and await self._is_known(entry, asked):
            return
        if no_room is not None:
            raise no_room
        await self._limiter.admit(by, entry.path)

    async def _accept(self, entry: Entry, arguments: dict[str, Any], asked: Asked) -> Accepted:
        self._answers.once.going_on(entry.path, asked)
        order = new_order(entry.path, arguments, asked, entry.policy.priority)
        earlier = await self._engine.accept(order)
        if earlier is not None:
            check_same(asked, earlier.digest)
        accepted = Accepted(order.id if earlier is None else earlier.id)
        trace_run(accepted.run_id)
        return accepted

    async def _stream(self, entry: Entry, arguments: dict[str, Any], options: RunOptions, asked: Asked) -> Pieces | Ending:
        run_id = new_id()
        answer = await self._answers.stream(run_id, entry, arguments, asked)
        return answer if isinstance(answer, Ending) else Pieces(run_id, entry, answer, options.raw)

    def _checked_webhook(self, url: str | None) -> str | None:
        problem = None if url is None else problem_with(url, private=self._settings.private_webhooks)
        if problem is not None:
            raise Refusal(400, f"The option webhookUrl is {url!r:.100}, which can't be told anything. {problem}")
        return url

    async def _is_known(self, entry: Entry, asked: Asked) -> bool:
        """Whether this very request was counted before, by its idempotency key."""
        return self._answers.once.going_on(entry.path, asked) is not None or bool(await self._runs.keyed(entry.path, asked))

    def _no_model(self, key: str, host: str | None, by: Key) -> str:
        where = "on this hub" if host is None else f"of the host '{shortened(host)}' on this hub"
        alike = self._entries if len(self._entries) <= MOST_COMPARED else [p for p in self._entries if p[:ALIKE] == key[:ALIKE]]
        seen = [path for path in islice(alike, MOST_COMPARED) if by.may_use(path, self._entries[path].id)]
        return f"There is no model '{shortened(key, LONGEST_KEY)}' {where}{did_you_mean(key, seen)}."


def _options(inputs: dict[str, Any]) -> RunOptions:
    """The run's options, out of the inputs; a top-level `stream` is one of them."""
    given = inputs.pop("options", None)
    try:
        options = msgspec.convert({} if given is None else given, RunOptions)
    except msgspec.ValidationError as error:
        raise Refusal(400, f"'options' holds switches, as in {{\"stream\": true}}: {error}.") from error
    options.stream = options.stream or inputs.get("stream") is True
    return options


async def _checked_apart(entry: Entry, inputs: dict[str, Any]) -> dict[str, Any]:
    """Check the inputs, long lists in a thread. Raises `Refusal`."""
    for value in inputs.values():
        if type(value) is list and len(value) > MANY_ITEMS:
            return await asyncio.to_thread(_checked, entry, inputs)
    return _checked(entry, inputs)


def _checked(entry: Entry, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs that the model takes, with its defaults left to it. Raises `Refusal` for what is wrong."""
    names = entry.names
    arguments = {name: value for name, value in inputs.items() if value is not None and name not in NOT_INPUTS}
    if "data" in arguments and entry.first_required and ("data" not in names or _is_words(arguments["data"])):
        arguments = {entry.first_required: arguments.pop("data"), **arguments}
    if entry.quick_look.accepts(arguments):
        return arguments
    unknown = [name for name in arguments if name not in names]
    told = [f"Parameter '{shortened(name)}' not found{did_you_mean(name, names)}" for name in unknown[:MOST_TOLD]]
    more = [f"and {len(unknown) - MOST_TOLD:,} more names are not found"] if len(unknown) > MOST_TOLD else []
    wrong = problems(entry.parameters, arguments) + told + more
    if wrong:
        raise Refusal(400, "Parameter validation failed: " + "; ".join(wrong))
    return arguments


def _is_words(data: Any) -> bool:
    """Whether `data` is a text, and not JSON written as one."""
    return isinstance(data, str) and data.lstrip()[:1] not in ("{", "[")
