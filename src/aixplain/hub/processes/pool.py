"""The workers of a hub that have nothing to do, and wait for the next call."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from typing import Any
from weakref import WeakKeyDictionary

from aixplain.hub.backends import ModelFailure
from aixplain.hub.processes.messages import Task
from aixplain.hub.processes.worker import Worker
from aixplain.hub.threads import Calls


class _Workers:
    """The workers of one loop: those that wait, by what they are for, and those that are on their way out."""

    def __init__(self) -> None:
        self.idle: defaultdict[Task, list[Worker]] = defaultdict(list)
        self.leaving: set[asyncio.Task[None]] = set()

    def let_go(self, ending: Coroutine[Any, Any, None]) -> None:
        """See a worker out, beside everything else."""
        leaving = asyncio.ensure_future(ending)
        self.leaving.add(leaving)
        leaving.add_done_callback(self.leaving.discard)


_workers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Workers] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def worker_for(task: Task, patience: float = 0.0) -> AsyncIterator[Worker]:
    """A worker for one call. One that is left before its end is killed, and the turn of the run is over when it is dead.

    With `patience` it may end its work within so many seconds, and is killed if it doesn't. Who leaves while it starts leaves
    it to the next call. Raises `ModelFailure` when it can't start.
    """
    workers = _workers.setdefault(asyncio.get_running_loop(), _Workers())
    idle = workers.idle[task]
    worker = _taken(idle) or Worker(task)
    worker.uses += 1
    try:
        await worker.ready()
    except asyncio.CancelledError:
        _park(workers, task, worker)
        raise
    except ModelFailure:
        worker.kill()
        raise
    calls = Calls.begin_one()
    try:
        yield worker
    except BaseException:
        workers.let_go(_leave(workers, task, worker, patience, calls))
        raise
    _park(workers, task, worker)
    calls.ended()


def _park(workers: _Workers, task: Task, worker: Worker) -> None:
    """Let a worker wait for its next call, for a while or for good."""
    idle, uses = workers.idle[task], worker.uses
    idle.append(worker)
    if task.idle_seconds is None:
        return

    def retire() -> None:
        if worker.uses == uses and worker in idle:
            idle.remove(worker)
            workers.let_go(worker.stop())

    asyncio.get_running_loop().call_later(task.idle_seconds, retire)


async def _leave(workers: _Workers, task: Task, worker: Worker, patience: float, calls: Calls) -> None:
    """See that a worker that was left is free for another call, or dead."""
    try:
        await asyncio.wait_for(worker.give_up(), patience)
        _park(workers, task, worker)
    except (TimeoutError, ModelFailure):
        worker.kill()
        await asyncio.wait([worker.died])
    finally:
        calls.ended()


async def close_workers() -> None:
    """End the workers of the hub that runs here."""
    workers = _workers.pop(asyncio.get_running_loop(), _Workers())
    await asyncio.gather(*workers.leaving)
    await asyncio.gather(*(worker.stop() for idle in workers.idle.values() for worker in idle))


def _taken(idle: list[Worker]) -> Worker | None:
    """The worker that was of use last and lives."""
    while idle:
        worker = idle.pop()
        if not worker.died.done():
            return worker
    return None
