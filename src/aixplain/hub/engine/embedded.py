"""Runs of this process alone: lanes in memory over the rows in the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from aixplain.hub.engine.attempts import Attempts, persisted
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.execution import LONGEST_BACKOFF
from aixplain.hub.runs import Runs
from aixplain.hub.store.runs import Earlier, Order, OwnRunStore, Taken, Waiting


class EmbeddedEngine:
    """Executes the runs of a store that nobody else works on."""

    def __init__(self, store: OwnRunStore, runs: Runs, attempts: Attempts, lanes: Lanes) -> None:
        self._store = store
        self._runs = runs
        self._attempts = attempts
        self._lanes = lanes
        #: How many accepted runs wait.
        self.backlog = 0
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._expiring: set[asyncio.Task[None]] = set()
        attempts.on_over = self._over
        lanes.on_room = self._fill

    async def start(self) -> None:
        """Take up what waits, also what was running when the hub stopped or died, and go on."""
        await self._store.reopen()
        for run in await self._store.waiting():
            self._attend(run)
            self._wait(run, min(run.due_at - time.time(), LONGEST_BACKOFF))

    async def accept(self, order: Order) -> Earlier | None:
        """Keep a run, and execute it: at once when there is room, and then it is kept as started."""
        earlier, begun = await self._attempts.accept(order, at_once=True)
        if earlier is None:
            run = Waiting(order.id, order.model, order.priority, 0.0, order.deadline)
            self._attend(run)
            if not begun:
                self._wait(run, 0.0)
        return earlier

    async def cancel(self, run_id: str) -> None:
        """Stop the work on a run that was given up, if anyone is at it."""
        self._forget_deadline(run_id)
        self._attempts.cancel(run_id)

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        await self._attempts.stop()
        for task in self._expiring:
            task.cancel()
        await asyncio.gather(*self._expiring, return_exceptions=True)

    def _attend(self, run: Waiting) -> None:
        """See that a run expires at its deadline."""
        if run.deadline is not None:
            self._deadlines[run.id] = _call_later(run.deadline - time.time(), self._expire_soon, run.id)

    def _wait(self, run: Waiting, seconds: float) -> None:
        """Let a run wait for so long, and then for its turn."""
        self.backlog += 1
        if seconds > 0:
            _call_later(seconds, self._queue, run)
        else:
            self._queue(run)

    def _queue(self, run: Waiting) -> None:
        self._lanes.put(run)
        self._fill()

    def _fill(self) -> None:
        while self._attempts.has_room and (run := self._lanes.take()) is not None:
            self.backlog -= 1
            self._attempts.reserve_next()
            self._attempts.begin(run, partial(self._take, run.id))

    async def _take(self, id: str) -> Taken | None:
        return await self._store.start(id, time.time())

    def _over(self, run: Waiting, again: float | None) -> None:
        if again is not None:
            self._wait(run, again)
        else:
            self._forget_deadline(run.id)
        self._fill()

    def _expire_soon(self, run_id: str) -> None:
        task = asyncio.ensure_future(self._expire(run_id))
        self._expiring.add(task)
        task.add_done_callback(self._expiring.discard)

    async def _expire(self, run_id: str) -> None:
        if await persisted(lambda: self._runs.expire(run_id)):
            await self.cancel(run_id)

    def _forget_deadline(self, run_id: str) -> None:
        timer = self._deadlines.pop(run_id, None)
        if timer is not None:
            timer.cancel()


def _call_later(seconds: float, call: Callable[..., None], *arguments: Any) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(max(seconds, 0.0), call, *arguments)
