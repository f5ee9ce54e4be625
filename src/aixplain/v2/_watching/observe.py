"""Who watches an operation: the log and the tracer. An operation that nobody watches runs as it is.

An operation is a generator of steps, so to watch it is to wrap it in another one that passes its steps on. Whether anybody
watches is asked for each operation, and that costs a fraction of a microsecond: nobody can, who has not loaded logging or
OpenTelemetry.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from aixplain.v2._flow import Operation

if TYPE_CHECKING:
    from aixplain.v2._operations import Run
    from aixplain.v2._settings import Settings

T = TypeVar("T")

INFO = 20  # logging.INFO, without logging


def observed(operation: Operation[T], settings: Settings, run: Run | None = None) -> Operation[T]:
    """The operation, watched by whoever watches. `run` is what it runs, if it runs anything."""
    modules = sys.modules
    if "logging" in modules and (_is_enabled or _load_log())(INFO):
        from aixplain.v2._watching.logs import logged

        operation = logged(operation)
    if "opentelemetry.trace" in modules:
        from aixplain.v2._watching.telemetry import traced

        operation = traced(operation, settings, run)
    return operation


_is_enabled: Callable[[int], bool] | None = None


def _load_log() -> Callable[[int], bool]:
    global _is_enabled  # asked for each operation: the logger itself is found once
    from aixplain.v2._watching.logs import log

    _is_enabled = log.isEnabledFor
    return _is_enabled
