"""A process that executes runs of a shared database, and serves nobody."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable

from aixplain.hub.hangup import stops_at_hangup, tell_ignored
from aixplain.hub.opening import Opening, at_work

LOOK_SECONDS = 0.05


async def work(rooms: Opening, grace: float, on_ready: Callable[[], None]) -> None:
    """Execute runs until Ctrl-C or SIGTERM; those that go on then have `grace` seconds to end, or until a second signal.

    Raises `HubError`.
    """
    stopped, hurried = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: (hurried if stopped.is_set() else stopped).set())
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        on_hangup = stopped.set if stops_at_hangup() else tell_ignored
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
    async with rooms.opened() as hub, at_work(hub):
        on_ready()
        await stopped.wait()
        hub.engine.rest()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while hub.engine.running and not hurried.is_set():  # noqa: ASYNC110 - looked at once, as the process ends
                    await asyncio.sleep(LOOK_SECONDS)
