"""The hub's log: one line for each thing that happened, and in each line the request and the run that it happened for.

What a line is about is known from its context, so that code which logs needs not be told of it. A request's context goes
along into the run that it begins, also when that runs in the background or in a thread.

What a line tells may come from a caller, a model or a service, so control characters are escaped, line breaks too, and
passwords in addresses are hidden. A traceback is indented: none of its lines can be taken for a line of the log.
"""

from __future__ import annotations

import contextvars
import logging
import re
import sys
import textwrap
from typing import Any, Literal

import msgspec

from aixplain._wire.control_characters import escape_line, escape_lines
from aixplain.hub.moments import moment

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
#: What a line may tell beside its message: names of a record's `extra`.
EXTRAS = ("method", "route", "status", "seconds", "key", "model", "state")


#: A value that needs no quotes in a line of `name=value`.
_BARE = re.compile(r'[^\s"=]*')
_TRACEBACK = "Traceback (most recent call last):"
#: Passwords: `scheme://user:password@host`, and `password=…` of a connection string.
_PASSWORD = re.compile(r"(?<=://)([^\s/@:]*):[^\s/]+@|\b(password|passwd|pwd)(\s*=\s*)('[^']*'|[^\s&'\"]+)", re.IGNORECASE)


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
        message, traceback = _said(self, record)
        told = "".join(f" {name}={_value(value)}" for name, value in _about(record).items())
        line = f"{moment(record.created)} {record.levelname} {record.name} {escape_line(message)}{told}"
        return f"{line}\n{textwrap.indent(escape_lines(traceback), '    ')}" if traceback else line


class JsonLines(logging.Formatter):
    """Lines for programs: one JSON object each, a traceback in its `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        message, traceback = _said(self, record)
        told: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _encodable(message),
            **{name: _encodable(value) if isinstance(value, str) else value for name, value in _about(record).items()},
        }
        if traceback:
            told["exception"] = _encodable(traceback)
        return escape_line(msgspec.json.encode(told).decode())


def without_passwords(text: str) -> str:
    """A text without the passwords in its addresses and connection strings.

    >>> without_passwords("can't reach postgresql://hub:secret@db/hub")
    "can't reach postgresql://hub:…@db/hub"
    """
    return _PASSWORD.sub(lambda found: f"{found[1]}:…@" if found[2] is None else f"{found[2]}{found[3]}…", text)


def _said(formatter: logging.Formatter, record: logging.LogRecord) -> tuple[str, str]:
    """The message of a record and its traceback, which may stand in the message, as that of another process does."""
    message, traceback = record.getMessage(), ""
    if (at := message.find(_TRACEBACK)) >= 0:
        message, traceback = message[:at].rstrip() or message.rstrip().rpartition("\n")[2], message[at:].rstrip()
    if record.exc_info:
        traceback = f"{traceback}\n{formatter.formatException(record.exc_info)}".lstrip("\n")
    return without_passwords(message), without_passwords(traceback)


def _value(value: object) -> str:
    """A value as it stands in a line, quoted where it would be taken for several."""
    text = escape_line(str(value))
    return text if _BARE.fullmatch(text) else msgspec.json.encode(text).decode()


def _encodable(text: str) -> str:
    """A text that JSON can hold: lone surrogates are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _about(record: logging.LogRecord) -> dict[str, Any]:
    """What else a line tells: its extras, and the request and the run of this context."""
    about = {name: record.__dict__[name] for name in EXTRAS if name in record.__dict__}
    trace = _trace.get()
    if trace is not None and trace.request is not None:
        about["request"] = trace.request.decode()
    if trace is not None and trace.run is not None:
        about["run"] = trace.run
    return about
