"""The time, for a transport: how to wait, and a clock that never jumps."""

from __future__ import annotations

import time


class Clock:
    """Waits as a thread does."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()


class AsyncClock:
    """Waits as asyncio does."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        import asyncio  # slow to import, and loaded by whoever awaits this

        await asyncio.sleep(seconds)

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()
