"""What requests do, told to the logger `aixplain`: each request at DEBUG, what is sent again at INFO.

Quiet unless a program sets logging up. No key is told, and no query of an address; bodies are with AIXPLAIN_LOG_BODIES=1,
cut to their first thousands of characters. Control characters of services are escaped, so that they make no lines of their own.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import msgspec

from aixplain._wire.control_characters import escape_line
from aixplain.v2._flow import Open, Operation, Request, Response, Sleep, Step, T, handled

log = logging.getLogger("aixplain")
log.addHandler(logging.NullHandler())

LONGEST_BODY = 4000
SECRETS = ("x-api-key", "authorization")


def logged(operation: Operation[T]) -> Operation[T]:
    """The same steps, told to the log."""
    return handled(operation, _Requests().handle)


class _Requests:
    """The requests of one operation, in their order."""

    def __init__(self) -> None:
        self._last: Request | None = None
        self._attempt = 0
        self._went_wrong = ""

    def handle(self, step: Step) -> Operation[Any]:
        """Take a step, and tell what becomes of it."""
        if isinstance(step, Sleep) and self._went_wrong and self._last is not None:
            log.info("%s: %s; sent again in %.1f s", _name(self._last), self._went_wrong, step.seconds)
        request = step.request if isinstance(step, Open) else step
        if not isinstance(request, Request):
            return (yield step)
        began = time.perf_counter()
        outcome: Any = None
        try:
            outcome = yield step
        except BaseException as failure:
            outcome = failure
            raise
        finally:
            self._note(request, outcome, time.perf_counter() - began)
        return outcome

    def _note(self, request: Request, outcome: Any, seconds: float) -> None:
        is_again = self._went_wrong and self._last is not None and request.url == self._last.url
        self._attempt = self._attempt + 1 if is_again else 1
        self._last = request
        became = _became(outcome)
        self._went_wrong = "" if became.startswith("HTTP 2") else became
        if not log.isEnabledFor(logging.DEBUG):
            return
        log.debug("%s: %s in %.0f ms (attempt %d%s)", _name(request), became, seconds * 1e3, self._attempt, _id(outcome))
        if os.environ.get("AIXPLAIN_LOG_BODIES") == "1":
            got = outcome.content if isinstance(outcome, Response) else outcome
            log.debug("%s: sent %s", _name(request), _shown(request, request.content))
            log.debug("%s: got %s", _name(request), _shown(request, got))


def _became(outcome: Any) -> str:
    if isinstance(outcome, BaseException):
        return escape_line(str(outcome)) or type(outcome).__name__
    return f"HTTP {outcome.status}" if isinstance(outcome, Response) else "HTTP 200, a stream"


def _name(request: Request) -> str:
    return escape_line(f"{request.method} {request.url.partition('?')[0]}")


class _Told(msgspec.Struct, rename="camel"):
    request_id: str | None = None


def _id(outcome: object) -> str:
    """How the service's people find the request."""
    if not isinstance(outcome, Response):
        return ""
    try:
        id = outcome.headers.get("x-request-id") or msgspec.json.decode(outcome.content, type=_Told).request_id
    except msgspec.DecodeError:
        id = None
    return f", request {escape_line(id)}" if id else ""


def _shown(request: Request, body: object) -> str:
    if body is None or isinstance(body, BaseException):
        return "nothing"
    if not isinstance(body, bytes):
        return "a stream"
    text = body.decode("utf-8", "replace")
    for name in SECRETS:
        if secret := request.headers.get(name):
            text = text.replace(secret.rpartition(" ")[2], "…")  # some services repeat the key that they refuse
    shown = escape_line(text[:LONGEST_BODY])
    return shown if len(text) <= LONGEST_BODY else f"{shown}… ({len(body):,} bytes)"
