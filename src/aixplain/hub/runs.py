"""A run's life: accepted, started, then ended once. Each change is one guarded row in the database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from aixplain.hub.execution import canceled, expired, logger
from aixplain.hub.ids import new_id
from aixplain.hub.metrics import Kind, Metrics
from aixplain.hub.store.runs import Earlier, Ending, Listed, Order, RunStore, Standing, Taken, Wanted

#: Rows that are swept in one change, so that no other waits for long.
SWEPT_AT_ONCE = 500
#: Runs that were answered and are still to be noted, at most: a slow disk slows the answers down.
MOST_LATE = 1000


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

    def __init__(self, store: RunStore, answers_kept: float, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._answers_kept = answers_kept
        self._progress: dict[str, float] = {}
        self._late: set[asyncio.Future[object]] = set()
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._held = True
        #: Called when a webhook may be due.
        self.on_webhook: Callable[[], None] = lambda: None
        #: Called with the caller and the model of a run that ended, and is noted or about to be.
        self.on_ended: Callable[[str, str, Ending], None] = lambda caller, model, ending: None

    async def accept(self, order: Order, *, started: bool = False) -> Earlier | None:
        """Note a run, or find the one that its key stands for; when this returns it is on the disk."""
        return await self._store.accept(order, started=started)

    async def claim(self, run_id: str, model: str, asked: Asked, started_at: float) -> Earlier | None:
        """Hold the key of a run that is about to be answered at once, or give the run that it stands for already."""
        order = Order(run_id, model, None, asked.caller, asked.key, asked.digest, 0, None, started_at)
        return await self._store.claim(order)

    async def record(
        self,
        run_id: str,
        model: str,
        asked: Asked,
        ending: Ending,
        started_at: float,
        kind: Kind,
        inputs: bytes | None = None,
    ) -> None:
        """Note a run that was answered at once, and its answer when its key may come again; `inputs` when they are kept.

        What nobody asks for by its key, is told of or has counted elsewhere is noted while the answer is on its way.
        """
        order = Order(run_id, model, inputs, asked.caller, asked.key, asked.digest, 0, None, started_at, asked.webhook)
        now, expires_at = self._times()
        self.on_ended(asked.caller, model, ending)
        self._metrics.run_ended(model, kind, ending, now - started_at)
        recording = self._store.record(order, ending, started_at, now, expires_at)
        elsewhere = self._store.is_shared and order.caller  # where the next request may count what this one used
        if order.may_be_late and not elsewhere and len(self._late) < MOST_LATE:
            task = asyncio.ensure_future(recording)
            self._late.add(task)
            task.add_done_callback(self._late_is_over)
            return
        await recording
        if asked.webhook:
            self.on_webhook()

    def _late_is_over(self, task: asyncio.Future[object]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a run was answered, but can't be noted: %s", error)

    async def settled(self) -> None:
        """Wait until all that ended so far is noted."""
        if self._late:
            await asyncio.wait(self._late)

    async def end(self, run: Taken, ending: Ending) -> None:
        """Note how a run ended; a run ends once, and what comes later is dropped."""
        now, expires_at = self._times()
        if await self._store.end(run, ending, now, expires_at):
            self.on_ended(run.caller, run.model, ending)
            self._over(run.model, ending, now - (run.started_at or now))
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
        now, expires_at = self._times()
        given_up = await self._store.give_up(id, ending, now, expires_at)
        if given_up is not None:
            self._over(given_up.model, ending, now - (given_up.started_at or now))
        self.ended(id)
        self.on_webhook()
        return given_up is not None

    def _over(self, model: str, ending: Ending, seconds: float) -> None:
        """Count a run in the background, and tell the log of it."""
        self._metrics.run_ended(model, "background", ending, seconds)
        if logger.isEnabledFor(logging.INFO):
            logger.info("run ended", extra={"model": model, "state": ending.state, "seconds": round(seconds, 6)})

    async def find(self, id: str) -> Standing | None:
        """How a run stands; None when there is no such run."""
        standing = await self._store.find(id)
        if standing is None and self._late:
            await self.settled()
            standing = await self._store.find(id)
        progress = self._progress.get(id)
        return standing if standing is None or progress is None else msgspec.structs.replace(standing, progress=progress)

    async def keyed(self, model: str, asked: Asked) -> Earlier | None:
        """The run that was asked for with this key before."""
        return await self._store.keyed(asked.caller, model, asked.key) if asked.key else None

    async def check(self) -> None:
        """Return when runs can be noted, and raise `HubError` when they can't."""
        await self._store.check()

    @property
    def held(self) -> int:
        """Those who wait for a run to end."""
        return sum(map(len, self._watchers.values()))

    def progress_of(self, id: str) -> float | None:
        """How far a run is that this process is at."""
        return self._progress.get(id)

    @property
    def watched(self) -> list[str]:
        """The runs whose end somebody waits for."""
        return list(self._watchers)

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

    @property
    def is_stopping(self) -> bool:
        """Whether nobody is held any longer."""
        return not self._held

    async def sweep(self) -> None:
        """Drop the answers that have been kept for their time."""
        while await self._store.forget(time.time(), SWEPT_AT_ONCE) == SWEPT_AT_ONCE:
            """There are more."""

    async def row(self, id: str) -> Listed | None:
        """A run, as it is listed."""
        return await self._store.row(id)

    async def inputs(self, id: str) -> bytes | None:
        """The inputs of a run, as JSON; None when they are not kept any more."""
        return await self._store.inputs(id)

    async def listed(self, wanted: Wanted) -> tuple[int, list[Listed]]:
        """How many runs are wanted, and a page of them."""
        await self.settled()
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
