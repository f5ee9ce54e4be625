"""One request until it is answered well: its deadline, where the key may go, when it is sent again, what a refusal means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from aixplain._wire.durations import LONGEST
from aixplain._wire.errors import MEANINGS, read_error, retry_after
from aixplain._wire.messages import IDEMPOTENCY_KEY, KEEPS_KEYS
from aixplain._wire.redaction import redact
from aixplain.v2._flow import (
    Now,
    Open,
    Operation,
    Request,
    Response,
    Sleep,
    TransportClosed,
    TransportFailure,
    TransportRejected,
    TransportTimeout,
)
from aixplain.v2._settings import Key, Settings, check_key, origin
from aixplain.v2.exceptions import (
    AixplainV2Error,
    APIError,
    Attempt,
    ConnectionLostError,
    ConnectionTimeoutError,
    ResourceError,
    ResponseRejectedError,
    TimeoutError,
)

ErrorT = TypeVar("ErrorT", bound=AixplainV2Error)
#: Whether a request without the key may go to an address: raises when it may not.
Admission = Callable[[str], Operation[None]]

ATTEMPTS = 4
#: A service that asks to be left alone for longer is taken at its word: the error is raised at once.
LONGEST_WAIT = 60.0
REFUSED = frozenset({429, 497})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WAY_OUT = (
    "Allow more with Aixplain(max_response_bytes=…) or AIXPLAIN_MAX_RESPONSE_BYTES, or ask for less. "
    "A run was carried out all the same."
)
SECRET_HEADERS = {"x-api-key": "$TEAM_API_KEY", "authorization": "Bearer $TEAM_API_KEY"}


class Deadline(msgspec.Struct):
    """When a call must be over, on the transport's clock. `now` is the time when last asked."""

    seconds: float
    began: float
    now: float

    @property
    def left(self) -> float:
        """Seconds that remain, as far as a system can count them."""
        left = self.began + self.seconds - self.now
        return min(LONGEST, left)

    def error(self, poll_url: str | None = None, reason: str = "") -> TimeoutError:
        """The error for a call that wasn't over in time."""
        because = f" ({reason})" if reason else ""
        resume = f" The run may go on: model.sync_poll({poll_url!r}) waits for it." if poll_url else ""
        return TimeoutError(f"Operation timed out after {self.seconds:.15g} seconds{because}.{resume}", poll_url=poll_url)


def begin(seconds: float) -> Operation[Deadline]:
    """A deadline that begins now."""
    now = yield Now()
    return Deadline(seconds, now, now)


def headers(settings: Settings, api_key: str | None = None) -> dict[str, str]:
    """What every request with the key carries."""
    named = {"accept": "application/json", "content-type": "application/json", "user-agent": "aixplain-models"}
    if api_key:
        check_key(api_key)
    if key := Key(api_key) if api_key else settings.api_key:
        named["x-api-key"] = key
    return named


def send(
    settings: Settings,
    request: Request,
    deadline: Deadline,
    *,
    repeatable: bool,
    streamed: bool = False,
    admits: Admission | None = None,
) -> Operation[Any]:
    """Send a request until it is answered well, within the deadline; the answer is a `Response`, or a stream.

    It goes to the service; one that may leave it, for a store or a media host, names who `admits` its address and those
    that it is redirected to, where the key doesn't follow.

    Raises `APIError` for a refusal. A request that may have been carried out is sent again only when it is `repeatable`, or
    has an idempotency key and the service keeps those; one that the service said it refused, or that never reached it,
    always is.
    """
    if admits is None:
        settings.check_trusted(request.url)
    else:
        yield from admits(request.url)
    attempts: list[Attempt] = []
    while True:
        request.timeout = deadline.left
        if request.timeout <= 0:
            raise _described(deadline.error(), _shown(request, admits), attempts)
        try:
            outcome = yield Open(request) if streamed else request
        except TransportFailure as failure:
            outcome = failure
        if not settings.keeps_keys and not isinstance(outcome, TransportFailure) and request.url.startswith(settings.runs_at):
            settings.keeps_keys = KEEPS_KEYS in outcome.headers
        if _is_good(outcome):
            return outcome
        deadline.now = yield Now()
        outcome = _without_key(request, outcome)
        attempts.append(_attempt(outcome, deadline.now - deadline.began))
        if len(attempts) < ATTEMPTS and (target := _redirected(request, outcome, leaves=admits is not None)):
            if admits is not None:
                yield from admits(target.url)
            request = target
            continue
        again = repeatable or (settings.keeps_keys and IDEMPOTENCY_KEY in request.headers)
        longest = LONGEST_WAIT if settings.is_patient else 0.0
        wait = _wait_before_retry(outcome, len(attempts), longest, repeatable=again)
        if wait is None or wait >= deadline.left:
            raise _described(_error(outcome, deadline), _shown(request, admits), attempts) from _cause(outcome)
        deadline.now = yield Sleep(wait)


def _is_good(outcome: Any) -> bool:
    """A stream that opened is good; an answer says so with its status."""
    return not isinstance(outcome, TransportFailure) and (not isinstance(outcome, Response) or outcome.status < 300)


def _without_key(request: Request, outcome: Response | TransportFailure) -> Response | TransportFailure:
    """Some services repeat the key that they refuse."""
    if isinstance(outcome, TransportFailure):
        return outcome
    return replace(outcome, content=redact(outcome.content, request.headers.get("x-api-key")))


def _attempt(outcome: Response | TransportFailure, at: float) -> Attempt:
    if isinstance(outcome, TransportFailure):
        return Attempt(at, None, str(outcome))
    return Attempt(at, outcome.status, read_error(outcome.content)[0] or MEANINGS.get(outcome.status, ("",))[0])


# --- Sent again? ----------------------------------------------------------------------------------


def _wait_before_retry(
    outcome: Response | TransportFailure, attempts: int, longest: float, *, repeatable: bool
) -> float | None:
    """Seconds to wait, or None when it must not be sent again."""
    if attempts >= ATTEMPTS:
        return None
    backoff = jittered(0.1 * 2**attempts)
    if isinstance(outcome, TransportClosed | TransportRejected):
        return None
    if isinstance(outcome, TransportFailure):
        return backoff if repeatable or not outcome.sent else None
    asked = retry_after(outcome.headers)
    refused = outcome.status in REFUSED or (outcome.status == 503 and asked is not None)
    if not refused and not (repeatable and outcome.status >= 500):
        return None
    if asked is not None and asked > longest:
        return None
    return asked if asked is not None else backoff


def jittered(seconds: float) -> float:
    """Clients that failed together don't come back together."""
    import random  # slow to import, and most calls succeed

    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads clients, guards nothing


def _redirected(request: Request, outcome: Response | TransportFailure, *, leaves: bool) -> Request | None:
    """The request again at the address that the answer names: on the same origin, or elsewhere without the key."""
    if isinstance(outcome, TransportFailure) or outcome.status not in REDIRECTS:
        return None
    from urllib.parse import urljoin  # rare, and slow to import

    try:
        location = outcome.headers.get("location", "").strip()
        target = urljoin(request.url, location) if location else ""
    except ValueError:
        target = ""
    keeps_method = outcome.status in (307, 308) or request.method == "GET"
    if not keeps_method or not origin(target):
        return None
    if origin(target) == origin(request.url):
        return replace(request, url=target)
    named = {name: value for name, value in request.headers.items() if name not in SECRET_HEADERS}
    return replace(request, url=target, headers=named) if leaves else None


# --- What went wrong ------------------------------------------------------------------------------


def _error(outcome: Response | TransportFailure, deadline: Deadline) -> AixplainV2Error:
    if isinstance(outcome, Response):
        return refusal(outcome)
    if isinstance(outcome, TransportClosed):
        return ResourceError(f"{outcome}. A run that the service has taken may go on; the client can be used again.")
    if isinstance(outcome, TransportRejected):
        return ResponseRejectedError(f"{outcome}. {_WAY_OUT if 'max_response_bytes' in str(outcome) else ''}".rstrip())
    if isinstance(outcome, TransportTimeout) and deadline.left <= 0.01:
        return deadline.error(reason=str(outcome))
    if isinstance(outcome, TransportTimeout) and outcome.sent:
        return ConnectionTimeoutError(f"{outcome}. A run that answers only at its end is silent until then: allow it more.")
    kind = ConnectionTimeoutError if isinstance(outcome, TransportTimeout) else ConnectionLostError
    return kind(f"{outcome}. Is the service running, and is this its address? `aix hub serve` starts one on this machine.")


def _cause(outcome: Response | TransportFailure) -> TransportFailure | None:
    return outcome if isinstance(outcome, TransportFailure) else None


def refusal(response: Response) -> APIError:
    """The error for an answer that is none of success."""
    words, content = read_error(response.content)
    meaning, way_out = MEANINGS.get(response.status, ("the service failed", "try again in a moment"))
    if response.status in REDIRECTS:
        place = origin(response.headers.get("location", "")) or "another address"
        meaning, way_out = f"it redirects to {place}", "the key is not taken there; if the service moved, set its new address"
    said = words or meaning.capitalize()
    error = APIError(f"{said} (HTTP {response.status}: {meaning}; {way_out}).", response.status, content, said)
    error.retry_after = retry_after(response.headers)
    error.request_id = error.request_id or response.headers.get("x-request-id")
    return error


def _shown(request: Request, admits: Admission | None) -> Request:
    """The request without the query of a store's address, which is a key of its own."""
    return request if admits is None else replace(request, url=request.url.partition("?")[0])


def _described(error: ErrorT, request: Request, attempts: Sequence[Attempt]) -> ErrorT:
    error.attempts = tuple(attempts)
    error.curl = as_curl(request)
    return error


def as_curl(request: Request) -> str:
    """A command that repeats a request, with a variable of the shell in the place of the key.

    >>> as_curl(Request("GET", "http://127.0.0.1:8180/v2/models/x", {"x-api-key": "secret"}))
    'curl http://127.0.0.1:8180/v2/models/x -H "x-api-key: $TEAM_API_KEY"'
    """
    from shlex import quote  # only for who reads an error

    words = ["curl", quote(request.url)]
    if request.method != "GET":
        words[1:1] = ["-X", request.method]
    for name, value in request.headers.items():
        secret = SECRET_HEADERS.get(name)
        words += ["-H", f'"{name}: {secret}"' if secret else quote(f"{name}: {value}")]
    if isinstance(request.content, bytes):
        words += ["-d", quote(request.content.decode("utf-8", "replace"))]
    elif request.content is not None:
        words += ["-T", "FILE"]
    return " ".join(words)
