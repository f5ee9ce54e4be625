"""What a client does on the wire: each operation is a generator of steps, and knows no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec.structs import replace

from aixplain._wire.errors import MEANINGS, first_words, read_error
from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Search, Upload
from aixplain._wire.records import decode
from aixplain._wire.validation import plain
from aixplain.v2._flow import (
    AsyncStream,
    Now,
    Open,
    Operation,
    Request,
    Response,
    Sleep,
    Stream,
    TransportFailure,
    TransportTimeout,
)
from aixplain.v2._records import ModelResult
from aixplain.v2._settings import Settings, absolute, origin
from aixplain.v2.exceptions import (
    APIError,
    ConnectionLostError,
    FileUploadError,
    InvalidResponseError,
    TimeoutError,
)

if TYPE_CHECKING:
    from aixplain.v2._files import LocalFile

T = TypeVar("T")

#: Seconds that a request which is no run may take, retries included.
REQUEST_TIMEOUT = 60.0
RUN_TIMEOUT = 300.0
ATTEMPTS = 4
#: A service that asks to be left alone for longer is taken at its word: the error is raised at once.
LONGEST_WAIT = 60.0
POLL_FRACTION, POLL_SHORTEST, POLL_LONGEST = 0.1, 0.1, 2.0

NOT_SENT = CLIENT_CONTROLS | RUN_HEADERS.keys()
REFUSED = frozenset({429, 497})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Deadline(msgspec.Struct):
    """When a call must be over, on the transport's clock. `now` is the time when last asked."""

    seconds: float
    ends: float
    now: float

    @property
    def left(self) -> float:
        """Seconds that remain."""
        return self.ends - self.now

    def error(self, poll_url: str | None = None, reason: str = "") -> TimeoutError:
        resume = (
            f" The run may go on: ask after it with model.poll({poll_url!r}), or wait with model.sync_poll(…)."
            if poll_url
            else ""
        )
        because = f" ({reason})" if reason else ""
        return TimeoutError(f"Operation timed out after {self.seconds:g} seconds{because}.{resume}", poll_url=poll_url)


def _deadline(seconds: float) -> Operation[Deadline]:
    now = yield Now()
    return Deadline(seconds, now + seconds, now)


def headers(settings: Settings, api_key: str | None = None) -> dict[str, str]:
    """What every request with the key carries."""
    named = {"accept": "application/json", "content-type": "application/json", "user-agent": "aixplain-models"}
    if key := api_key or settings.api_key:
        named["x-api-key"] = key
    return named


# --- One request, with its retries ----------------------------------------------------------------


def send(settings: Settings, request: Request, deadline: Deadline, *, repeatable: bool) -> Operation[Response]:
    """Send a request until it is answered well, within the deadline. Raises `APIError` for a refusal.

    A request that may have been carried out is sent again only when it is `repeatable`; one that the service said it
    refused, or that never reached it, always is.
    """
    settings.check_trusted(request.url)
    for attempt in range(1, ATTEMPTS + 1):
        failure: TransportFailure | None = None
        response: Response | None = None
        if deadline.left <= 0:
            raise deadline.error()
        request.timeout = deadline.left
        try:
            response = yield request
        except TransportFailure as error:
            failure = error
        else:
            if response.status < 300:
                return response
            if response.status in REDIRECTS:
                request = _follow(request, response)
                continue
        deadline.now = yield Now()
        wait = _wait_before_retry(response, failure, attempt, repeatable=repeatable)
        if wait is None or attempt == ATTEMPTS or wait >= deadline.left:
            break
        deadline.now = yield Sleep(wait)
    if response is not None:
        raise refusal(response)
    if isinstance(failure, TransportTimeout) and deadline.left <= 0.01:
        raise deadline.error(reason=str(failure)) from failure
    raise lost(failure) from failure


def _wait_before_retry(
    response: Response | None, failure: TransportFailure | None, attempt: int, *, repeatable: bool
) -> float | None:
    """Seconds to wait, or None when it must not be sent again."""
    backoff = _jittered(0.1 * 2**attempt)
    if response is None:
        safe = repeatable or (failure is not None and not failure.sent)
        return backoff if safe and not isinstance(failure, TransportTimeout) else None
    asked = _retry_after(response)
    refused = response.status in REFUSED or (response.status == 503 and asked is not None)
    if not refused and not (repeatable and response.status >= 500):
        return None
    if asked is not None and asked > LONGEST_WAIT:
        return None
    return asked if asked is not None else backoff


def _jittered(seconds: float) -> float:
    """Clients that failed together don't come back together."""
    import random  # slow to import, and most calls succeed

    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads clients, guards nothing


def _retry_after(response: Response) -> float | None:
    value = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        return _seconds_until(value, response.headers.get("date", ""))


def _seconds_until(value: str, date: str) -> float | None:
    """`Retry-After` as a date, counted from the service's own clock."""
    from email.utils import parsedate_to_datetime  # rare, and slow to import

    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError):
        return None


def _follow(request: Request, response: Response) -> Request:
    """The request again at the address that the answer names, on the same origin only."""
    from urllib.parse import urljoin  # rare, and slow to import

    target = urljoin(request.url, response.headers.get("location", ""))
    keeps_method = response.status in (307, 308) or request.method == "GET"
    if origin(target) != origin(request.url) or not keeps_method:
        raise APIError(
            f"{origin(request.url)} redirects to {origin(target)}, which is not followed with the key. "
            "If the service moved, set its new address.",
            response.status,
        )
    return replace(request, url=target)


def refusal(response: Response) -> APIError:
    """The error for an answer that is none of success."""
    words, content = read_error(response.content)
    meaning, way_out = MEANINGS.get(response.status, ("the service failed", "try again in a moment"))
    said = words or meaning.capitalize()
    title = content.get("error")
    error = title if isinstance(title, str) else None
    return APIError(f"{said} (HTTP {response.status}: {meaning}; {way_out}).", response.status, content, error)


def lost(failure: TransportFailure | None) -> ConnectionLostError:
    """The error for an answer that never came."""
    return ConnectionLostError(
        f"{failure}. Is the service running, and is this its address? `aix hub serve` starts one on this machine."
    )


# --- Catalog --------------------------------------------------------------------------------------


def search(settings: Settings, body: Search, api_key: str | None = None, path: str = "v2/models") -> Operation[bytes]:
    """One page of the catalog, as it came."""
    deadline = yield from _deadline(REQUEST_TIMEOUT)
    url = absolute(settings.backend_url, path.strip("/") + "/paginate")
    request = Request("POST", url, headers(settings, api_key), msgspec.json.encode(body))
    response = yield from send(settings, request, deadline, repeatable=True)
    return response.content


def get(
    settings: Settings, id: str, host: str | None = None, api_key: str | None = None, path: str = "v2/models"
) -> Operation[bytes]:
    """One model, as it came."""
    deadline = yield from _deadline(REQUEST_TIMEOUT)
    url = absolute(settings.backend_url, f"{path.strip('/')}/{quoted(id)}")
    if host is not None:
        url += f"?host={quoted(host)}"
    response = yield from send(settings, Request("GET", url, headers(settings, api_key)), deadline, repeatable=True)
    return response.content


def call(settings: Settings, request: Request) -> Operation[Response]:
    """Any request to the service: the low door."""
    deadline = yield from _deadline(request.timeout or REQUEST_TIMEOUT)
    return (yield from send(settings, request, deadline, repeatable=request.method in ("GET", "HEAD", "PUT", "DELETE")))


# --- Runs -----------------------------------------------------------------------------------------


class Run(msgspec.Struct):
    """A run that is about to be sent: where, with what, for how long."""

    model_id: str
    inputs: Mapping[str, Any]
    timeout: float = RUN_TIMEOUT
    wait_time: float | None = None
    api_key: str | None = None
    on_poll: Callable[[ModelResult], None] | None = None
    files: Mapping[str, LocalFile] = {}


def quoted(id: str) -> str:
    """An id or a path as one part of an address: `openai/gpt-4o` as `openai%2Fgpt-4o`."""
    from urllib.parse import quote  # slow to import, and not needed to get ready

    return quote(id, safe="")


def run_url(settings: Settings, model_id: str) -> str:
    """Where a model is run."""
    return f"{settings.model_url}/{quoted(model_id)}"


def run_request(settings: Settings, run: Run, *, url: str | None = None, stream: bool = False) -> Request:
    """The post that starts a run: the inputs flat, what steers the client left out, three of them as headers."""
    sent = {name: plain(value) for name, value in run.inputs.items() if name not in NOT_SENT and value is not None}
    named = headers(settings, run.api_key)
    named.update({RUN_HEADERS[name]: str(run.inputs[name]) for name in RUN_HEADERS.keys() & run.inputs.keys()})
    if stream:
        sent["options"] = {**sent.get("options", {}), "stream": True}
        named["accept"] = "text/event-stream, application/json"
    try:
        content = msgspec.json.encode(sent)
    except (TypeError, ValueError) as error:
        raise TypeError(f"An input can't be sent as JSON: {error}") from error
    address = url or run_url(settings, run.model_id)
    return Request("POST", address, named, content)


def run(settings: Settings, run: Run) -> Operation[ModelResult]:
    """Run to the end: post, and poll when the service says that the run goes on. Raises `APIError` when it failed."""
    deadline = yield from _deadline(run.timeout)
    run = yield from _with_files_sent(settings, run)
    result = yield from _post(settings, run_request(settings, run), deadline)
    if result.in_progress:
        result = yield from _poll_until_done(settings, _poll_address(result), deadline, run)
    return raise_for_failure(result)


def submit(settings: Settings, run: Run, *, sync_only: bool) -> Operation[ModelResult]:
    """Start a run and return at once; `result.url` is where to ask after it.

    A model that only runs synchronously has no such way in v2, so its run goes to the v1 address.
    """
    deadline = yield from _deadline(run.timeout)
    run = yield from _with_files_sent(settings, run)
    request = _v1_request(settings, run) if sync_only else run_request(settings, run)
    return raise_for_failure((yield from _post(settings, request, deadline)))


def _v1_request(settings: Settings, run: Run) -> Request:
    inputs = dict(run.inputs)
    text = inputs.pop("text", None)
    inputs.setdefault("data", text)
    url = run_url(settings, run.model_id).replace("/api/v2/", "/api/v1/")
    return run_request(settings, replace(run, inputs=inputs), url=url)


def poll(settings: Settings, url: str, api_key: str | None = None) -> Operation[ModelResult]:
    """Ask once after a run. A failed run is a result here, not an error."""
    deadline = yield from _deadline(REQUEST_TIMEOUT)
    request = Request("GET", _poll_url(settings, url), headers(settings, api_key))
    response = yield from send(settings, request, deadline, repeatable=True)
    return ModelResult.from_body(response.content)


def sync_poll(settings: Settings, url: str, run: Run) -> Operation[ModelResult]:
    """Ask after a run until it ends. Raises `APIError` when it failed."""
    deadline = yield from _deadline(run.timeout)
    return raise_for_failure((yield from _poll_until_done(settings, url, deadline, run)))


def _post(settings: Settings, request: Request, deadline: Deadline) -> Operation[ModelResult]:
    response = yield from send(settings, request, deadline, repeatable=False)
    return ModelResult.from_body(response.content)


def _poll_address(result: ModelResult) -> str:
    if result.url is None:
        raise InvalidResponseError("The service accepted the run, but gave no address to ask after it.")
    return result.url


def _poll_url(settings: Settings, url: str) -> str:
    return absolute(origin(settings.model_url), url)


def _poll_until_done(settings: Settings, url: str, deadline: Deadline, run: Run) -> Operation[ModelResult]:
    request = Request("GET", _poll_url(settings, url), headers(settings, run.api_key))
    started = deadline.now = yield Now()
    while True:
        wait = min(_poll_pause(deadline.now - started, run.wait_time), deadline.left)
        deadline.now = yield Sleep(max(wait, 0.0))
        if deadline.left <= 0:
            raise deadline.error(url)
        try:
            response = yield from send(settings, request, deadline, repeatable=False)
            result = ModelResult.from_body(response.content)
        except TimeoutError as error:
            raise deadline.error(url) from error
        except APIError as error:
            if error.status_code < 500 and error.status_code not in REFUSED:
                raise
        except ConnectionLostError:
            pass  # the run goes on without us; the deadline ends this loop
        else:
            if result.completed:
                return result
            if run.on_poll is not None:
                run.on_poll(result)
        deadline.now = yield Now()


def _poll_pause(elapsed: float, wait_time: float | None) -> float:
    if wait_time is not None:
        return wait_time
    return _jittered(min(max(POLL_FRACTION * elapsed, POLL_SHORTEST), POLL_LONGEST))


def raise_for_failure(result: ModelResult) -> ModelResult:
    """The result, unless its run failed. Raises `APIError`."""
    if not result.failed:
        return result
    content = result._raw_data
    words = first_words(content, "supplierError", "supplier_error", "errorMessage", "error_message", "error", "message")
    raise APIError(f"Operation failed: {words or result.status}", result.status_code or 0, content)


# --- Streams --------------------------------------------------------------------------------------


def stream(settings: Settings, run: Run) -> Operation[Stream | AsyncStream]:
    """Start a run whose answer comes in pieces, and open its body."""
    settings.check_trusted(settings.model_url)
    run = yield from _with_files_sent(settings, run)
    deadline = yield from _deadline(run.timeout)
    request = run_request(settings, run, stream=True)
    request.timeout = run.timeout
    try:
        answer: Stream | AsyncStream | Response = yield Open(request)
    except TransportTimeout as error:
        raise deadline.error(reason=str(error)) from error
    except TransportFailure as error:
        raise lost(error) from error
    if isinstance(answer, Response):
        raise refusal(answer)
    return answer


# --- Files ----------------------------------------------------------------------------------------


def _with_files_sent(settings: Settings, run: Run) -> Operation[Run]:
    """The run with the addresses of its local files, once they are up."""
    if not run.files:
        return run
    addresses = {}
    for name, file in run.files.items():
        addresses[name] = yield from upload(settings, file, run.timeout, run.api_key)
    return replace(run, inputs={**run.inputs, **addresses}, files={})


def upload(settings: Settings, file: LocalFile, timeout: float, api_key: str | None = None) -> Operation[str]:
    """Send a file up, and give the address that it has then. Raises `FileUploadError`."""
    content = file.read()
    deadline = yield from _deadline(timeout)
    url = absolute(settings.backend_url, "sdk/file/upload/temp-url")
    named = headers(settings, api_key)
    if "x-api-key" in named:
        named["authorization"] = f"token {named['x-api-key']}"
    wanted = msgspec.json.encode({"contentType": file.content_type, "originalName": file.name})
    try:
        response = yield from send(settings, Request("POST", url, named, wanted), deadline, repeatable=True)
        place = decode(Upload, response.content)
    except (APIError, msgspec.DecodeError) as error:
        raise FileUploadError(f"{file.name} was not taken: {error}") from error
    yield from _put(deadline, absolute(settings.backend_url, place.upload_url), file, content)
    return place.download_url


def _put(deadline: Deadline, url: str, file: LocalFile, content: bytes) -> Operation[None]:
    """The bytes, without the key: the address may be another company's store."""
    deadline.now = yield Now()
    try:
        response = yield Request("PUT", url, {"content-type": file.content_type}, content, deadline.left)
    except TransportFailure as error:
        raise FileUploadError(f"{file.name} was not taken: {error}") from error
    if response.status >= 300:
        raise FileUploadError(f"{file.name} was not taken: {refusal(response)}")
