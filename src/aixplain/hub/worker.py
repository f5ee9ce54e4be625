"""A process that executes runs of a shared database, and serves nobody."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from aixplain.hub.engine import Engine
from aixplain.hub.opening import Opening, at_work

LOOK_SECONDS = 0.05


async def work(rooms: Opening, grace: float, on_ready: Callable[[], None]) -> None:
    """Execute runs until Ctrl-C or SIGTERM; those that go on then have `grace` seconds to end, or until a second signal.

    Raises `HubError`.
    """
    signals, loop = asyncio.Semaphore(0), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.release)
    async with rooms.opened() as hub, at_work(hub):
        on_ready()
        await signals.acquire()
        hub.engine.rest()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await _first(signals.acquire(), _idle(hub.engine))


async def _idle(engine: Engine) -> None:
    """Return once no run goes on any more."""
    while engine.running:  # noqa: ASYNC110 - it is looked at once, when the process ends
        await asyncio.sleep(LOOK_SECONDS)


async def _first(*works: Coroutine[Any, Any, object]) -> None:
    """Return when one of them is done, and cancel the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
