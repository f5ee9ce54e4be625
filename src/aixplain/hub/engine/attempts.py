"""Attempts at runs: a task for each on the loop, while the models' own code runs in threads."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from aixplain.hub.catalog import Entry, Policy
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import backoff, execute, failed, is_passing, logger
from aixplain.hub.files import Files, at_hand
from aixplain.hub.logs import trace_run
from aixplain.hub.runs import Runs
from aixplain.hub.store.runs import Earlier, Ending, Order, Taken, Waiting
from aixplain.hub.threads import Calls
from aixplain.hub.troubles import tell_trouble

T = TypeVar("T")

#: Runs in the background at once, of all models together.
SLOTS = 256
#: How often a run is begun again after its hub died in its middle, beyond the retries of its model.
LIVES = 5
RETRY_SECONDS = 1.0
LAST_SECONDS = 1.0
NO_POLICY = Policy()
#: Gives a run that was taken up, or None when it can't be any more.
Take = Callable[[], Awaitable[Taken | None]]


class Attempts:
    """The runs in the background that this process is at. A turn is reserved, and then begun or left."""

    def __init__(self, runs: Runs, files: Files, entries: dict[str, Entry], lanes: Lanes) -> None:
        self._runs = runs
        self._files = files
        self._entries = entries
        self._lanes = lanes
        self._tasks: dict[str, asyncio.Task[float | None]] = {}
        self._taken = 0
        self._resting = False
        #: Called when a run's turn is over, with the seconds after which it is to have another one, or None.
        self.on_over: Callable[[Waiting, float | None], None] = lambda run, again: None

    @property
    def tasks(self) -> dict[str, asyncio.Task[float | None]]:
        """The work on each run, by its id."""
        return self._tasks

    @property
    def has_room(self) -> bool:
        """Another run can be begun."""
        return self._taken < SLOTS and not self._resting

    @property
    def is_resting(self) -> bool:
        """No more runs are begun."""
        return self._resting

    def rest(self) -> None:
        """Begin no more runs; those that go on end."""
        self._resting = True

    def reserve(self, model: str) -> bool:
        """Reserve a turn of a model, if nothing waits in its lane and there is room."""
        reserved = self.has_room and self._lanes.begin(model)
        self._taken += reserved
        return reserved

    def reserve_next(self) -> None:
        """Reserve a turn that the lanes have begun."""
        self._taken += 1

    def leave(self, model: str) -> None:
        """Give a reserved turn back."""
        self._taken -= 1
        self._lanes.leave(model)

    async def accept(self, order: Order, *, at_once: bool) -> tuple[Earlier | None, bool]:
        """Keep a run, and begin it `at_once` if there is room: it is then kept as started. Says whether it was begun."""
        started = at_once and self.reserve(order.model)
        try:
            earlier = await self._runs.accept(order, started=started)
        except BaseException:
            if started:
                self.leave(order.model)
            raise
        if started and earlier is None:
            run = Waiting(order.id, order.model, order.priority, 0.0, order.deadline)
            taken = Taken(
                *(order.id, 1, order.model, order.inputs or b"", order.priority, order.deadline),
                *(order.webhook, order.caller, order.accepted_at),
            )
            self.begin(run, taken, contextvars.copy_context())
        elif started:
            self.leave(order.model)
        return earlier, started

    def begin(self, run: Waiting, taken: Taken | Take, context: contextvars.Context) -> None:
        """Begin a turn that was reserved, at a run that was taken up or that is to be, in the context of who asked for it."""
        context.run(trace_run, run.id)
        calls = context.run(Calls.counted)
        task = self._tasks[run.id] = asyncio.create_task(self._execute(taken), context=context)
        task.add_done_callback(partial(self._end, run, calls), context=context)

    def cancel(self, id: str) -> None:
        """Stop the work on a run, if anyone is at it."""
        if id in self._tasks:
            self._tasks[id].cancel()

    async def stop(self) -> list[str]:
        """Begin no more; give what goes on a moment to end, and stop the rest. Gives the runs that were stopped."""
        self.rest()
        tasks = dict(self._tasks)
        if tasks:
            await asyncio.wait(tasks.values(), timeout=LAST_SECONDS)
        late = {id: task for id, task in tasks.items() if not task.done()}
        for task in late.values():
            task.cancel()
        await asyncio.gather(*late.values(), return_exceptions=True)
        return list(late)

    def _end(self, run: Waiting, calls: Calls, task: asyncio.Task[float | None]) -> None:
        """A run's turn is over, once its threads are back; perhaps it waits for another."""
        del self._tasks[run.id]
        self._runs.forget_progress(run.id)
        self._taken -= 1
        calls.when_over(partial(self._lanes.leave, run.model))
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("the run %s can't be noted, and stays as it is: %s", run.id, error)
        self.on_over(run, None if task.cancelled() or error is not None else task.result())

    async def _execute(self, run: Taken | Take) -> float | None:
        """Make one attempt. Gives the seconds until the next one, when there is to be one."""
        taken = run if isinstance(run, Taken) else await persisted(run)
        if taken is None:
            return None
        entry = self._entries.get(taken.model)
        policy = entry.policy if entry is not None else NO_POLICY
        ending = await self._attempt(entry, taken, policy)
        if taken.attempt <= policy.retries and is_passing(ending):
            seconds = backoff(policy, taken.attempt)
            waits = await persisted(lambda: self._runs.put_back(taken, time.time() + seconds))
            return seconds if waits else None
        await persisted(lambda: self._runs.end(taken, ending))
        return None

    async def _attempt(self, entry: Entry | None, run: Taken, policy: Policy) -> Ending:
        if run.attempt > policy.retries + LIVES:
            return failed(
                run.id, f"The hub stopped {run.attempt - 1} times in the middle of this run; it is not begun again.", 500
            )
        inputs = msgspec.json.decode(run.inputs)
        try:
            if entry is not None:
                inputs = await persisted(lambda: at_hand(self._files, entry, inputs))
        except Refusal as refusal:  # it was sent up, and was not kept for so long
            return failed(run.id, refusal.message, refusal.status)
        return await execute(entry, inputs, run.id, partial(self._note_progress, run.id))

    def _note_progress(self, run_id: str, done: float) -> None:
        if run_id in self._tasks:  # and not a thread whose run was given up
            self._runs.note_progress(run_id, done)


async def persisted(write: Callable[[], Awaitable[T]]) -> T:
    """A change to a run, tried until the database takes it: a disk that is full for a while loses no run."""
    while True:
        try:
            return await write()
        except HubError as error:
            tell_trouble("a run can't be noted, and waits: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
