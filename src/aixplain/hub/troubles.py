"""Troubles that last, as a database that is away: told when they begin and then now and then, and not a line for each try."""

from __future__ import annotations

import asyncio
import time
import weakref

from aixplain.hub.execution import logger

#: How often one that goes on is told again, and the seconds without it after which it is a new one.
AGAIN_SECONDS, OVER_SECONDS = 30.0, 10.0
#: When each was told and when it was met last, by its message, for the hub of each loop.
_known: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, tuple[float, float]]] = weakref.WeakKeyDictionary()


def tell_trouble(message: str, *details: object) -> None:
    """Log an error that may be met again and again. The message, as it is before its details are in it, names the trouble."""
    known = _known.setdefault(asyncio.get_running_loop(), {})
    now = time.monotonic()
    told, met = known.get(message, (-AGAIN_SECONDS, -OVER_SECONDS))
    if now - told >= AGAIN_SECONDS or now - met >= OVER_SECONDS:
        logger.error(message, *details)
        told = now
    known[message] = told, now
