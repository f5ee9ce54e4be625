"""The workers of a hub that have nothing to do, and wait for the next call."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

from aixplain.hub.backends import ModelFailure
from aixplain.hub.processes.messages import Task
from aixplain.hub.processes.worker import Worker
from aixplain.hub.threads import Calls

_idle: WeakKeyDictionary[asyncio.AbstractEventLoop, defaultdict[Task, list[Worker]]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def worker_for(task: Task) -> AsyncIterator[Worker]:
    """A worker for one call. A call that is left before its end kills it, and the turn of the run is over when it is dead.

    Who leaves while it starts leaves it to the next call. Raises `ModelFailure` when it can't start.
    """
    idle = _idle.setdefault(asyncio.get_running_loop(), defaultdict(list))[task]
    worker = _taken(idle) or Worker(task)
    try:
        await worker.ready()
    except asyncio.CancelledError:
        idle.append(worker)
        raise
    except ModelFailure:
        worker.kill()
        raise
    calls = Calls.begin_one()
    try:
        yield worker
    except BaseException:
        worker.kill()
        worker.died.add_done_callback(lambda _: calls.ended())
        raise
    idle.append(worker)
    calls.ended()


async def close_workers() -> None:
    """End the workers of the hub that runs here."""
    workers = [worker for each in _idle.pop(asyncio.get_running_loop(), {}).values() for worker in each]
    await asyncio.gather(*(worker.stop() for worker in workers))


def _taken(idle: list[Worker]) -> Worker | None:
    """The worker that was of use last and lives."""
    while idle:
        worker = idle.pop()
        if not worker.died.done():
            return worker
    return None
