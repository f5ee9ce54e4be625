"""A process that executes runs of a shared database, and serves nobody."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from aixplain.hub.opening import Opening, at_work


async def work(rooms: Opening, on_ready: Callable[[], None]) -> None:
    """Execute runs until Ctrl-C or SIGTERM. Raises `HubError`."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with rooms.opened() as hub, at_work(hub):
        on_ready()
        await stopped.wait()
