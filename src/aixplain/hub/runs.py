"""A run's life: accepted, started, then ended once. Each change is one guarded row in the database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from aixplain.hub.execution import canceled, expired
from aixplain.hub.ids import new_id
from aixplain.hub.store.runs import Earlier, Ending, Listed, Order, RunStore, Standing, Taken, Waiting, Wanted

#: Rows that are swept in one change, so that no other waits for long.
SWEPT_AT_ONCE = 500


class Asked(msgspec.Struct, frozen=True):
    """Who asks for a run, and how: with the idempotency key under which the same request, told by its digest, is carried out
    once, with the seconds in which it must be over, and with the address that is told how it ended.
    """

    caller: str = ""
    key: str | None = None
    digest: bytes | None = None
    seconds: float | None = None
    webhook: str | None = None


def new_order(model: str, inputs: dict[str, Any], asked: Asked, priority: int) -> Order:
    """A run that is asked for now."""
    now = time.time()
    deadline = None if asked.seconds is None else now + asked.seconds
    sent = msgspec.json.encode(inputs)
    return Order(new_id(), model, sent, asked.caller, asked.key, asked.digest, priority, deadline, now, asked.webhook)


class Runs:
    """The runs of this hub: what becomes of them, and who waits for it."""

    def __init__(self, store: RunStore, answers_kept: float) -> None:
        self._store = store
        self._answers_kept = answers_kept
        self._progress: dict[str, float] = {}
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._held = True
        #: Called when a webhook may be due.
        self.on_webhook: Callable[[], None] = lambda: None

    async def accept(self, order: Order, *, started: bool = False) -> Earlier | None:
        """Note a run, or find the one that its key stands for; when this returns it is on the disk."""
        return await self._store.accept(order, started=started)

    async def record(self, run_id: str, model: str, asked: Asked, ending: Ending, started_at: float) -> None:
        """Note a run that was answered at once, and its answer when its key may come again."""
        order = Order(run_id, model, None, asked.caller, asked.key, asked.digest, 0, None, started_at, asked.webhook)
        await self._store.record(order, ending, started_at, *self._times())
        if asked.webhook:
            self.on_webhook()

    async def start(self, id: str) -> Taken | None:
        """Take a run up; None when it is not waiting any more."""
        return await self._store.start(id, time.time())

    async def end(self, run: Taken, ending: Ending) -> None:
        """Note how a run ended; a run ends once, and what comes later is dropped."""
        await self._store.end(run, ending, *self._times())
        self.ended(run.id)
        if run.webhook:
            self.on_webhook()

    async def put_back(self, run: Taken, due_at: float) -> bool:
        """Let a run wait for another attempt. False when it was given up in the meantime."""
        return await self._store.put_back(run, due_at)

    async def cancel(self, id: str) -> bool:
        """End a run at its caller's wish. False when there is no such run, or it is over."""
        return await self._give_up(id, canceled(id))

    async def expire(self, id: str) -> bool:
        """End a run at its deadline. False when it is over."""
        return await self._give_up(id, expired(id))

    async def _give_up(self, id: str, ending: Ending) -> bool:
        done = await self._store.give_up(id, ending, *self._times())
        self.ended(id)
        self.on_webhook()
        return done

    async def waiting(self) -> list[Waiting]:
        """The runs that wait, in their order, also those that were running when the hub stopped or died."""
        await self._store.reopen()
        return await self._store.waiting()

    async def find(self, id: str) -> Standing | None:
        """How a run stands; None when there is no such run."""
        standing = await self._store.find(id)
        progress = self._progress.get(id)
        return standing if standing is None or progress is None else msgspec.structs.replace(standing, progress=progress)

    async def keyed(self, model: str, asked: Asked) -> Earlier | None:
        """The run that was asked for with this key before."""
        return await self._store.keyed(asked.caller, model, asked.key) if asked.key else None

    def note_progress(self, id: str, done: float) -> None:
        """How far a started run is, from 0 to 1. Kept in memory: it dies with the work that it tells of."""
        self._progress[id] = done

    def forget_progress(self, id: str) -> None:
        """Nobody is at this run any more."""
        self._progress.pop(id, None)

    async def attend(self, id: str, seconds: float) -> Standing | None:
        """How a run stands when it ended, when the seconds are over or when the hub stops, whichever comes first."""
        with self._watched(id) as ended:
            standing = await self.find(id)
            if standing is None or standing.is_over or not self._held:
                return standing
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()
        return await self.find(id)

    def ended(self, id: str) -> None:
        """Tell who waits that a run is over."""
        for watcher in self._watchers.get(id, ()):
            watcher.set()

    def let_go(self) -> None:
        """Hold nobody any longer: the hub stops."""
        self._held = False
        for id in list(self._watchers):
            self.ended(id)

    async def sweep(self) -> None:
        """Drop the answers that have been kept for their time."""
        while await self._store.forget(time.time(), SWEPT_AT_ONCE) == SWEPT_AT_ONCE:
            """There are more."""

    async def row(self, id: str, caller: str) -> Listed | None:
        """A run of this caller, as it is listed."""
        return await self._store.row(id, caller)

    async def inputs(self, id: str, caller: str) -> bytes | None:
        """The inputs of a run of this caller, as JSON; None when they are not kept any more."""
        return await self._store.inputs(id, caller)

    async def listed(self, wanted: Wanted) -> tuple[int, list[Listed]]:
        """How many runs are wanted, and a page of them."""
        return await self._store.listed(wanted)

    def _times(self) -> tuple[float, float]:
        """Now, and when the answer of what ends now expires."""
        now = time.time()
        return now, now + self._answers_kept

    @contextlib.contextmanager
    def _watched(self, id: str) -> Iterator[asyncio.Event]:
        ended = asyncio.Event()
        self._watchers[id].add(ended)
        try:
            yield ended
        finally:
            self._watchers[id].discard(ended)
            if not self._watchers[id]:
                del self._watchers[id]
