"""Troubles that last, as a database that is away: told when they begin and then now and then, and not a line for each try."""

from __future__ import annotations

import time

from aixplain.hub.execution import logger
from aixplain.hub.per_loop import PerLoop

#: How often one that goes on is told again, and the seconds without it after which it is a new one.
AGAIN_SECONDS, OVER_SECONDS = 30.0, 10.0
#: When each was told and when it was met last, by its message.
_Known = dict[str, tuple[float, float]]
_of_hubs = PerLoop[_Known](lambda loop: {})
_of_threads: _Known = {}


def tell_trouble(message: str, *details: object) -> None:
    """Log an error that may be met again and again. The message, as it is before its details are in it, names the trouble."""
    known = _known_here()
    now = time.monotonic()
    told, met = known.get(message, (-AGAIN_SECONDS, -OVER_SECONDS))
    if now - told >= AGAIN_SECONDS or now - met >= OVER_SECONDS:
        logger.error(message, *details)
        told = now
    known[message] = told, now


def _known_here() -> _Known:
    try:
        return _of_hubs.here()
    except RuntimeError:  # in a thread, which may be one of any hub
        return _of_threads
