"""SIGHUP: a closed terminal stops what was started in it; without a terminal the signal is ignored.

A hub reads its settings when it starts, so there is nothing to reload.
"""

from __future__ import annotations

import os
import signal
import sys

from aixplain.hub.execution import logger

IGNORED = "SIGHUP is ignored: settings are read at the start. Start again to apply them, or send SIGTERM to stop."


def stops_at_hangup() -> bool:
    """Whether SIGHUP means that the terminal was closed. Under `nohup` and without a terminal it doesn't."""
    is_ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return not is_ignored and sys.__stdin__ is not None and not sys.__stdin__.closed and os.isatty(sys.__stdin__.fileno())


def tell_ignored(*_: object) -> None:
    """Tell that the signal changes nothing."""
    logger.warning(IGNORED)
