"""What requests do, told to the logger `aixplain`: each request at DEBUG, what is sent again at INFO.

Quiet unless a program sets logging up. No key is told, and no query of an address; bodies are with AIXPLAIN_LOG_BODIES=1,
cut to their first thousands of characters.
"""

from __future__ import annotations

import logging
import os
import time

import msgspec

from aixplain.v2._flow import Open, Operation, Request, Response, Sleep, T

log = logging.getLogger("aixplain")
log.addHandler(logging.NullHandler())

LONGEST_BODY = 4000
SECRETS = ("x-api-key", "authorization")


def logged(operation: Operation[T]) -> Operation[T]:
    """The same steps, told to the log."""
    told = _Requests()
    answer = failure = None
    while True:
        try:
            step = operation.send(answer) if failure is None else operation.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = failure = None
        request = step.request if isinstance(step, Open) else step
        began = time.perf_counter()
        try:
            answer = yield step
        except BaseException as error:  # noqa: BLE001 - it belongs to the operation
            failure = error
        if isinstance(request, Request):
            told.sent(request, answer if failure is None else failure, time.perf_counter() - began)
        elif isinstance(step, Sleep):
            told.waited(step.seconds)


class _Requests:
    """The requests of one operation, in their order."""

    def __init__(self) -> None:
        self._last: Request | None = None
        self._attempt = 0
        self._went_wrong = ""

    def sent(self, request: Request, outcome: object, seconds: float) -> None:
        """A request has its answer, or its failure."""
        is_again = self._went_wrong and request.url == (self._last.url if self._last else "")
        self._attempt = self._attempt + 1 if is_again else 1
        self._last = request
        status = outcome.status if isinstance(outcome, Response) else 200
        self._went_wrong = str(outcome) or type(outcome).__name__ if isinstance(outcome, BaseException) else ""
        if not self._went_wrong and status >= 300:
            self._went_wrong = f"HTTP {status}"
        if not log.isEnabledFor(logging.DEBUG):
            return
        became = self._went_wrong or f"HTTP {status}"
        log.debug("%s: %s in %.0f ms (attempt %d%s)", _name(request), became, seconds * 1e3, self._attempt, _id(outcome))
        if os.environ.get("AIXPLAIN_LOG_BODIES") == "1":
            log.debug("%s: sent %s", _name(request), _shown(request, request.content))
            log.debug("%s: got %s", _name(request), _shown(request, getattr(outcome, "content", None)))

    def waited(self, seconds: float) -> None:
        """A wait before the next request."""
        if self._went_wrong and self._last is not None:
            log.info("%s: %s; sent again after %.1f s", _name(self._last), self._went_wrong, seconds)


def _name(request: Request) -> str:
    return f"{request.method} {request.url.partition('?')[0]}"


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
    return f", request {id}" if id else ""


def _shown(request: Request, body: object) -> str:
    if not isinstance(body, bytes):
        return "no body" if body is None else "a body that is streamed"
    text = body.decode("utf-8", "replace")
    for name in SECRETS:
        if secret := request.headers.get(name):
            text = text.replace(secret.rpartition(" ")[2], "…")  # some services repeat the key that they refuse
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}… ({len(body):,} bytes)"
