"""Runs in this process: lanes in memory over the rows in the database."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from aixplain.hub.catalog import Entry, Policy
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError
from aixplain.hub.execution import LONGEST_BACKOFF, backoff, execute, failed, is_passing, logger
from aixplain.hub.runs import Runs
from aixplain.hub.store.runs import Earlier, Ending, Order, Taken, Waiting
from aixplain.hub.threads import Calls

T = TypeVar("T")

#: Runs in the background at once, of all models together.
SLOTS = 256
#: How often a run is begun again after the hub died in its middle, beyond the retries of its model.
LIVES = 5
RETRY_SECONDS = 1.0
LAST_SECONDS = 1.0
NO_POLICY = Policy()


class EmbeddedEngine:
    """Executes runs on the loop, a task for each; the models' own code runs in threads."""

    def __init__(self, runs: Runs, entries: dict[str, Entry], lanes: Lanes) -> None:
        self._runs = runs
        self._entries = entries
        self._lanes = lanes
        self._tasks: dict[str, asyncio.Task[float | None]] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._expiring: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._stopping = False
        lanes.on_room = self._fill

    async def start(self) -> None:
        """Take up what waits, and go on."""
        for run in await self._runs.waiting():
            self._attend(run)
            self._wait(run, min(run.due_at - time.time(), LONGEST_BACKOFF))

    async def accept(self, order: Order) -> Earlier | None:
        """Keep a run, and execute it: at once when there is room, and then it is kept as started."""
        started = self._has_room and self._lanes.begin(order.model)
        self._taken += started
        try:
            earlier = await self._runs.accept(order, started=started)
        except BaseException:
            if started:
                self._leave(order.model)
            raise
        if earlier is None:
            self._submit(order, started=started)
        elif started:
            self._leave(order.model)
        return earlier

    async def cancel(self, run_id: str) -> None:
        """Stop the work on a run that was given up, if anyone is at it."""
        self._forget_deadline(run_id)
        if run_id in self._tasks:
            self._tasks[run_id].cancel()

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        self._stopping = True
        tasks = [*self._tasks.values(), *self._expiring]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _submit(self, order: Order, *, started: bool) -> None:
        run = Waiting(order.id, order.model, order.priority, 0.0, order.deadline)
        self._attend(run)
        if started:
            self._begin(
                run,
                Taken(
                    *(order.id, 1, order.model, order.inputs or b"", order.priority, order.deadline),
                    *(order.webhook, order.caller),
                ),
            )
        else:
            self._queue(run)

    def _attend(self, run: Waiting) -> None:
        """See that a run expires at its deadline."""
        if run.deadline is not None:
            self._deadlines[run.id] = _call_later(run.deadline - time.time(), self._expire_soon, run.id)

    def _wait(self, run: Waiting, seconds: float) -> None:
        """Let a run wait for so long, and then for its turn."""
        if seconds > 0:
            _call_later(seconds, self._queue, run)
        else:
            self._queue(run)

    def _queue(self, run: Waiting) -> None:
        self._lanes.put(run)
        self._fill()

    def _fill(self) -> None:
        while self._has_room and (run := self._lanes.take()) is not None:
            self._taken += 1
            self._begin(run)

    @property
    def _has_room(self) -> bool:
        return self._taken < SLOTS and not self._stopping

    def _leave(self, model: str) -> None:
        self._taken -= 1
        self._lanes.leave(model)
        self._fill()

    def _begin(self, run: Waiting, taken: Taken | None = None) -> None:
        context = contextvars.copy_context()
        calls = context.run(Calls.counted)
        task = self._tasks[run.id] = asyncio.create_task(self._execute(run, taken), context=context)
        task.add_done_callback(partial(self._end, run, calls))

    def _end(self, run: Waiting, calls: Calls, task: asyncio.Task[float | None]) -> None:
        """A run's turn is over, once its threads are back; perhaps it waits for another."""
        del self._tasks[run.id]
        self._runs.forget_progress(run.id)
        self._taken -= 1
        calls.when_over(partial(self._lanes.leave, run.model))
        again = None if task.cancelled() else task.result()
        if again is not None:
            self._wait(run, again)
        else:
            self._forget_deadline(run.id)
        self._fill()

    async def _execute(self, run: Waiting, taken: Taken | None) -> float | None:
        """Make one attempt. Gives the seconds until the next one, when there is to be one."""
        taken = taken or await _persisted(lambda: self._runs.start(run.id))
        if taken is None:
            return None
        entry = self._entries.get(taken.model)
        policy = entry.policy if entry is not None else NO_POLICY
        ending = await self._attempt(entry, taken, policy)
        if taken.attempt <= policy.retries and is_passing(ending):
            seconds = backoff(policy, taken.attempt)
            waits = await _persisted(lambda: self._runs.put_back(taken, time.time() + seconds))
            return seconds if waits else None
        await _persisted(lambda: self._runs.end(taken, ending))
        return None

    async def _attempt(self, entry: Entry | None, run: Taken, policy: Policy) -> Ending:
        if run.attempt > policy.retries + LIVES:
            return failed(
                run.id, f"The hub stopped {run.attempt - 1} times in the middle of this run; it is not begun again.", 500
            )
        return await execute(entry, msgspec.json.decode(run.inputs), run.id, partial(self._note_progress, run.id))

    def _note_progress(self, run_id: str, done: float) -> None:
        if run_id in self._tasks:  # and not a thread whose run was given up
            self._runs.note_progress(run_id, done)

    def _expire_soon(self, run_id: str) -> None:
        task = asyncio.ensure_future(self._expire(run_id))
        self._expiring.add(task)
        task.add_done_callback(self._expiring.discard)

    async def _expire(self, run_id: str) -> None:
        if await _persisted(lambda: self._runs.expire(run_id)):
            await self.cancel(run_id)

    def _forget_deadline(self, run_id: str) -> None:
        timer = self._deadlines.pop(run_id, None)
        if timer is not None:
            timer.cancel()


def _call_later(seconds: float, call: Callable[..., None], *arguments: Any) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(max(seconds, 0.0), call, *arguments)


async def _persisted(write: Callable[[], Awaitable[T]]) -> T:
    """A change to a run, tried until the database takes it: a disk that is full for a while loses no run."""
    while True:
        try:
            return await write()
        except HubError as error:
            logger.error("a run can't be noted, and waits: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
