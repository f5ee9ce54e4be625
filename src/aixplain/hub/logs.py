"""The hub's log: one line for each thing that happened, and in each line the request and the run that it happened for.

What a line is about is known from its context, so that code which logs needs not be told of it. A request's context goes
along into the run that it begins, also when that runs in the background or in a thread.
"""

from __future__ import annotations

import contextvars
import logging
import sys
from typing import Any, Literal

import msgspec

from aixplain.hub.moments import moment

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
#: What a line may tell beside its message: names of a record's `extra`.
EXTRAS = ("method", "route", "status", "seconds", "key", "model", "state")


class Trace:
    """What goes on in a context: a request, by its id, and the run that it asked for."""

    __slots__ = ("request", "run")

    def __init__(self, request: bytes | None = None, run: str | None = None) -> None:
        self.request = request
        self.run = run


_trace: contextvars.ContextVar[Trace | None] = contextvars.ContextVar("trace", default=None)


def trace_request(id: bytes) -> None:
    """From here on, this context is one of a request."""
    _trace.set(Trace(id))


def trace_run(id: str) -> None:
    """From here on, this context is one of a run. The request that it belongs to stays what it was."""
    trace = _trace.get()
    if trace is None:
        _trace.set(Trace(run=id))
    else:
        trace.run = id


def set_up(format: Format, level: Level) -> None:
    """Have everything of at least this level logged to stderr, in place of what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if format == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class TextLines(logging.Formatter):
    """Lines for people: `2026-03-19T13:27:29.604Z WARNING aixplain.hub what happened request=… run=…`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a traceback under it."""
        told = "".join(f" {name}={value}" for name, value in _about(record).items())
        line = f"{moment(record.created)} {record.levelname} {record.name} {record.getMessage()}{told}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """Lines for programs: one JSON object each, a traceback in its `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_about(record),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()


def _about(record: logging.LogRecord) -> dict[str, Any]:
    """What else a line tells: its extras, and the request and the run of this context."""
    about = {name: record.__dict__[name] for name in EXTRAS if name in record.__dict__}
    trace = _trace.get()
    if trace is not None and trace.request is not None:
        about["request"] = trace.request.decode()
    if trace is not None and trace.run is not None:
        about["run"] = trace.run
    return about
