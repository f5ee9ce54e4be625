"""Runs that many processes share: each takes up what it has room for, and says that it is at them."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable

from aixplain.hub.catalog import Entry
from aixplain.hub.engine.attempts import SLOTS, Attempts
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError
from aixplain.hub.execution import logger
from aixplain.hub.runs import Runs
from aixplain.hub.store.postgres.queue import Queue
from aixplain.hub.store.runs import Earlier, Order, Taken, Waiting
from aixplain.hub.troubles import tell_trouble

#: How often it is looked what waits. Whoever queues a run also tells.
LOOK_SECONDS = 1.0
#: How often a process says that it is at its runs, and the seconds of silence after which another takes them up.
BEAT_SECONDS, STALE_SECONDS = 1.5, 6.0
#: How many times as long as it looked a process rests, and the seconds that this is at most.
REST, LONGEST_REST = 20, 5.0
#: How often what PgQueuer notes of its own is dropped.
TIDY_SECONDS = 60.0
#: Instead of the silence, as long as nobody could have said anything: the database was away.
PATIENT_SECONDS = 3600.0


class PostgresEngine:
    """Executes runs of a shared database, or with `works=False` only keeps them for those who do."""

    def __init__(
        self, queue: Queue, runs: Runs, attempts: Attempts, lanes: Lanes, entries: dict[str, Entry], *, works: bool
    ) -> None:
        self._queue = queue
        self._runs = runs
        self._attempts = attempts
        self._entries = entries
        self._works = works
        #: How many accepted runs waited a moment ago.
        self.backlog = 0
        #: Models whose runs wait, and those that are asked for once, for runs that somebody left.
        self._hot: set[str] = set()
        self._suspect: set[str] = set()
        self._woken = asyncio.Event()
        self._doubt_until = 0.0
        self._chores: list[asyncio.Task[None]] = []
        self._beating: asyncio.Task[None] | None = None
        attempts.on_over = self._over
        lanes.on_room = self._on_room

    async def start(self) -> None:
        """Take up what waits, and go on."""
        chores = [self._repeated(self._look, LOOK_SECONDS), self._repeated(self._queue.tidy, TIDY_SECONDS)]
        if self._works:
            self._beating = asyncio.create_task(self._repeated(self._beat, BEAT_SECONDS))
            chores.append(self._keep_taking())
        self._chores = [asyncio.create_task(chore) for chore in chores]

    async def accept(self, order: Order) -> Earlier | None:
        """Keep a run, and execute it here when there is room and nothing of its model waits; else whoever has room does."""
        earlier, _ = await self._attempts.accept(order, at_once=self._works and order.model not in self._hot)
        return earlier

    async def cancel(self, run_id: str) -> None:
        """Stop the work on a run that was given up, if it is here. Others are told by the database."""
        self.stop_work(run_id)

    def stop_work(self, run_id: str) -> None:
        """Stop the work on a run, if it is here."""
        self._attempts.cancel(run_id)

    @property
    def running(self) -> int:
        """The runs in the background that go on here."""
        return len(self._attempts.tasks)

    @property
    def is_at_work(self) -> bool:
        """Whether it looks for runs, and takes them up if it works."""
        return not self._attempts.is_resting and not any(chore.done() for chore in self._chores)

    def rest(self) -> None:
        """Take no more runs up, and let those that go on end: the hub stops soon. Others have the rest."""
        self._attempts.rest()

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is handed back, for others to begin anew at once."""
        await _canceled(self._chores)
        late = await self._attempts.stop()
        if self._beating is None:
            return
        await _canceled([self._beating])
        try:
            await self._queue.hand_back(late)
        except HubError as error:
            logger.error("runs can't be handed back, and are taken up in %g s: %s", STALE_SECONDS, error)

    @property
    def _doubts(self) -> bool:
        """Whether others may be at their runs without having been able to say so."""
        return time.monotonic() < self._doubt_until

    def heat(self, model: str) -> None:
        """Runs of this model may wait."""
        if self._works and model in self._entries:
            self._hot.add(model)
            self._woken.set()

    def _over(self, run: Waiting, again: float | None) -> None:
        if again is not None:
            asyncio.get_running_loop().call_later(again, self.heat, run.model)
        self._on_room()

    def _on_room(self) -> None:
        if self._hot:
            self._woken.set()

    async def _keep_taking(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            self._hot &= self._entries.keys()  # a model may be offered no more, while it has no room
            models, self._suspect = self._hot | self._suspect, set()
            for model in sorted(models & self._entries.keys(), key=self._urgency, reverse=True):
                await self._guarded(lambda: self._take(model))  # noqa: B023 - called here

    def _urgency(self, model: str) -> int:
        return self._entries[model].policy.priority

    async def _take(self, model: str) -> None:
        """Take up what there is room for. A model of which all that was asked for came may have more."""
        reserved = self._reserve(model)
        if not reserved:
            return
        self._hot.discard(model)
        taken: list[Taken] = []
        try:
            stale = PATIENT_SECONDS if self._doubts else STALE_SECONDS
            taken = await self._queue.take(model, reserved, stale=stale, busy=self._attempts.tasks)
            if len(taken) == reserved:
                self.heat(model)
        except HubError:
            self.heat(model)
            raise
        finally:
            for _ in range(reserved - len(taken)):
                self._attempts.leave(model)
        for run in taken:
            self._attempts.begin(Waiting(run.id, model, run.priority, 0.0, run.deadline), run, contextvars.Context())

    def _reserve(self, model: str) -> int:
        reserved = 0
        while reserved < SLOTS and self._attempts.reserve(model):
            reserved += 1
        return reserved

    async def _beat(self) -> None:
        """Say that this process is at its runs, and stop the work on those that are not its own any more."""
        tasks = dict(self._attempts.tasks)
        progress = {id: done for id in tasks if (done := self._runs.progress_of(id)) is not None}
        kept = await self._queue.keep(list(tasks), progress)
        for id in tasks.keys() - kept:
            if self._attempts.tasks.get(id) is tasks[id]:
                self._attempts.cancel(id)

    async def _look(self) -> None:
        """See what waits, and how much, and what somebody left. A long queue takes long, and is looked at less often."""
        began = time.monotonic()
        waiting = await self._queue.look()
        self.backlog = sum(waiting.values())
        for model in waiting:
            self.heat(model)
        if self._works and not self._doubts:
            self._suspect = await self._queue.left_by_others(STALE_SECONDS) & self._entries.keys()
            self._woken.set()
        await asyncio.sleep(min((time.monotonic() - began) * REST, LONGEST_REST))

    async def _repeated(self, chore: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            await self._guarded(chore)
            await asyncio.sleep(seconds)

    async def _guarded(self, chore: Callable[[], Awaitable[None]]) -> None:
        """Do it, or say why not: the database may be away for a while, and nobody could say that he is at his runs."""
        try:
            await chore()
        except HubError as error:
            tell_trouble("the queue can't be reached, and is tried again: %s", error)
            self._doubt_until = time.monotonic() + STALE_SECONDS
            await asyncio.sleep(LOOK_SECONDS)


async def _canceled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
