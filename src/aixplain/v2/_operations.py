"""What a client does on the wire: each operation is a generator of steps, and knows no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from aixplain._wire.durations import LONGEST, seconds_of
from aixplain._wire.error_words import error_words
from aixplain._wire.errors import retry_after
from aixplain._wire.messages import CLIENT_CONTROLS, IDEMPOTENCY_KEY, RUN_HEADER_NAMES, RUN_HEADERS, Search
from aixplain._wire.plain_data import encode
from aixplain._wire.redaction import redact_data
from aixplain._wire.validation import shown
from aixplain.v2._flow import AsyncStream, Now, Operation, Request, Response, Sleep, Stream
from aixplain.v2._idempotency import new_key
from aixplain.v2._records import ModelResult
from aixplain.v2._send import (
    LONGEST_WAIT,
    REFUSED,
    Deadline,
    begin,
    headers,
    jittered,
    send,
)
from aixplain.v2._settings import Settings, absolute, concealed, origin
from aixplain.v2.exceptions import (
    APIError,
    ConnectionLostError,
    InputError,
    InvalidResponseError,
    ResourceError,
    ResponseRejectedError,
    TimeoutError,
)

if TYPE_CHECKING:
    from aixplain.v2._files.local import Found

#: Seconds that a request which is no run may take, retries included.
REQUEST_TIMEOUT = 60.0
RUN_TIMEOUT = 300.0
#: Enough for an output of 300 MB at 4 Mbit/s.
SAVE_TIMEOUT = 600.0
POLL_FRACTION, POLL_SHORTEST, POLL_LONGEST = 0.08, 0.1, 1.75
#: Seconds that a service may hold a poll until the run ends; less when somebody watches how the run gets on.
HOLD, WATCHED_HOLD = 25, 1
#: Seconds that an interrupted call takes to cancel its run.
CANCEL_TIMEOUT = 5.0

#: Failures below 500 that another try may not meet.
PASSING = frozenset({429, 485, 497})

NOT_SENT = CLIENT_CONTROLS | RUN_HEADERS.keys()


# --- Catalog --------------------------------------------------------------------------------------


def search(settings: Settings, body: Search, api_key: str | None = None, path: str = "v2/models") -> Operation[bytes]:
    """One page of the catalog, as it came."""
    deadline = yield from begin(REQUEST_TIMEOUT)
    url = absolute(settings.backend_url, path.strip("/") + "/paginate")
    request = Request("POST", url, headers(settings, api_key), msgspec.json.encode(body))
    response: Response = yield from send(settings, request, deadline, repeatable=True)
    return response.content


def get(
    settings: Settings, id: str, host: str | None = None, api_key: str | None = None, path: str = "v2/models"
) -> Operation[bytes]:
    """One model, as it came."""
    deadline = yield from begin(REQUEST_TIMEOUT)
    url = absolute(settings.backend_url, f"{path.strip('/')}/{quoted(id)}")
    if host is not None:
        url += f"?host={quoted(host)}"
    request = Request("GET", url, headers(settings, api_key))
    response: Response = yield from send(settings, request, deadline, repeatable=True)
    return response.content


def call(settings: Settings, request: Request, *, streamed: bool = False) -> Operation[Any]:
    """Any request to the service: the low door."""
    deadline = yield from begin(REQUEST_TIMEOUT if request.timeout is None else deadline_of(request.timeout))
    repeatable = request.method in ("GET", "HEAD", "PUT", "DELETE")
    return (yield from send(settings, request, deadline, repeatable=repeatable, streamed=streamed))


#: A duration as callers give it.
Seconds = float | timedelta | None


# --- Runs -----------------------------------------------------------------------------------------


class Run(msgspec.Struct):
    """A run that is about to be sent: where, with what, and how it is attended."""

    model_id: str
    inputs: Mapping[str, Any]
    timeout: Any = RUN_TIMEOUT
    """A duration as it is given, and a float from then on; so are the waits."""
    wait_time: Any = None
    api_key: str | None = None
    on_progress: Callable[[ModelResult], None] | None = None
    cancel_on_interrupt: bool = False
    retries: int = 0
    retry_wait: Any = 1.0
    show_progress: bool = False
    files: Mapping[str, Found] = {}
    path: str | None = None
    """The model's path and its function, for whoever watches the run."""
    function: str | None = None

    def __post_init__(self) -> None:
        if self.api_key is not None:
            self.api_key = concealed(self.api_key)
        if type(self.timeout) is not float or not 0 <= self.timeout < LONGEST:
            self.timeout = deadline_of(self.timeout)
        if self.wait_time is not None:
            self.wait_time = wait_of("wait_time", self.wait_time)
        if type(self.retry_wait) is not float or not 0 <= self.retry_wait < LONGEST:
            self.retry_wait = wait_of("run_retry_wait", self.retry_wait)
        if type(self.retries) is not int or self.retries < 0:
            raise InputError(f"run_retries is a whole number of 0 or more, not {shown(self.retries)}")
        if self.on_progress is not None and not callable(self.on_progress):
            raise InputError(f"on_progress is a function that takes a result, not {shown(self.on_progress)}")


def deadline_of(timeout: Seconds) -> float:
    """The seconds that a call may take; infinity for None. Raises `InputError` for what is no duration."""
    if type(timeout) is float and 0 <= timeout < LONGEST:
        return timeout
    try:
        return seconds_of("timeout", timeout, endless=True)
    except ValueError as error:
        raise InputError(str(error)) from error


def wait_of(name: str, value: Seconds) -> float:
    """The seconds of a wait between two requests. Raises `InputError` for what is no duration."""
    try:
        return min(seconds_of(name, value), LONGEST)
    except ValueError as error:
        raise InputError(str(error)) from error


def quoted(id: str) -> str:
    """An id or a path as one part of an address: `openai/gpt-4o` as `openai%2Fgpt-4o`."""
    if id.isalnum() and id.isascii():
        return id
    from urllib.parse import quote  # slow to import, and not needed to get ready

    return quote(id, safe="")


def run_url(settings: Settings, model_id: str) -> str:
    """Where a model is run."""
    return f"{settings.model_url}/{quoted(model_id)}"


def run_request(settings: Settings, run: Run, *, url: str | None = None, stream: bool = False) -> Request:
    """The post that starts a run: the inputs flat, what steers the client left out, three of them as headers."""
    sent = {name: value for name, value in run.inputs.items() if value is not None and name not in NOT_SENT}
    named = headers(settings, run.api_key)
    named[IDEMPOTENCY_KEY] = new_key()
    if not RUN_HEADER_NAMES.isdisjoint(run.inputs):
        for name in RUN_HEADER_NAMES & run.inputs.keys():
            if run.inputs[name] is not None:
                named[RUN_HEADERS[name]] = str(run.inputs[name])
    if stream:
        # With tools the chunks must be OpenAI's: plain ones can't carry calls.
        raw = {"raw": True} if sent.get("tools") is not None else {}
        sent["options"] = {**sent.get("options", {}), "stream": True, **raw}
        named["accept"] = "text/event-stream, application/json"
    return Request("POST", url or run_url(settings, run.model_id), named, body_of(sent))


def body_of(inputs: Mapping[str, Any]) -> bytes:
    """The inputs as JSON. Raises `InputError` for what JSON does not have, such as NaN."""
    try:
        return encode(inputs)
    except ValueError as error:
        problem = f"Parameter {error}"
        raise InputError(f"Parameter validation failed: {problem}", {"problems": [problem]}) from error


def run(settings: Settings, run: Run) -> Operation[ModelResult]:
    """Run to the end: post, and poll when the service says that the run goes on. Raises `APIError` when it failed."""
    deadline = yield from begin(run.timeout)
    if run.files:
        run = yield from with_files_sent(settings, run, deadline)
    tries = 0
    while True:
        try:
            return (yield from _run_once(settings, run, deadline))
        except APIError as error:
            if tries == run.retries or (400 <= error.status_code < 500 and error.status_code not in PASSING):
                raise
        tries += 1
        deadline.now = yield Now()
        deadline.now = yield Sleep(max(0.0, min(run.retry_wait, deadline.left)))


def _run_once(settings: Settings, run: Run, deadline: Deadline) -> Operation[ModelResult]:
    response: Response = yield from send(settings, run_request(settings, run), deadline, repeatable=False)
    result = ModelResult.from_body(response.content, settings, run.api_key)
    if result.in_progress:
        result = yield from _attend(settings, place_of(result), deadline, run)
    return raise_for_failure(result, run.api_key or settings.api_key)


def submit(settings: Settings, run: Run, *, sync_only: bool) -> Operation[ModelResult]:
    """Start a run and return at once; `result.url` is where to ask after it.

    A model that only runs synchronously has no such way in v2, so its run goes to the v1 address.
    """
    deadline = yield from begin(run.timeout)
    if run.files:
        run = yield from with_files_sent(settings, run, deadline)
    request = _v1_request(settings, run) if sync_only else run_request(settings, run)
    response: Response = yield from send(settings, request, deadline, repeatable=False)
    result = ModelResult.from_body(response.content, settings, run.api_key)
    return raise_for_failure(result, run.api_key or settings.api_key)


def _v1_request(settings: Settings, run: Run) -> Request:
    inputs = dict(run.inputs)
    text = inputs.pop("text", None)
    inputs.setdefault("data", text)
    url = run_url(settings, run.model_id).replace("/api/v2/", "/api/v1/")
    return run_request(settings, replace(run, inputs=inputs), url=url)


def raise_for_failure(result: ModelResult, key: str | None = None) -> ModelResult:
    """The result, unless its run failed. Raises `APIError`, which doesn't show the key that the run was sent with."""
    if not result.failed:
        return result
    content = redact_data(result._raw_data, key)
    words = error_words(content) or result.status
    raise APIError(f"Operation failed: {words}", result.status_code or 0, content, words)


# --- Polls ----------------------------------------------------------------------------------------


def poll(settings: Settings, run: ModelResult | str, api_key: str | None = None) -> Operation[ModelResult]:
    """Ask once after a run. A failed run is a result here, not an error."""
    place = place_of(run)
    deadline = yield from begin(REQUEST_TIMEOUT)
    request = Request("GET", poll_url(settings, place), headers(settings, api_key))
    response: Response = yield from send(settings, request, deadline, repeatable=True)
    return ModelResult.from_body(response.content, settings, api_key)


def sync_poll(settings: Settings, accepted: ModelResult | str, run: Run) -> Operation[ModelResult]:
    """Ask after a run until it ends. Raises `APIError` when it failed."""
    if isinstance(accepted, ModelResult) and accepted.completed:
        return raise_for_failure(accepted, run.api_key or settings.api_key)
    place = place_of(accepted)
    deadline = yield from begin(run.timeout)
    return raise_for_failure((yield from _attend(settings, place, deadline, run)), run.api_key or settings.api_key)


def cancel(settings: Settings, place: str, api_key: str | None = None, timeout: float = REQUEST_TIMEOUT) -> Operation[None]:
    """Ask the service to give a run up. Raises `APIError` when there is no such run, or it can't be canceled."""
    deadline = yield from begin(timeout)
    request = Request("DELETE", poll_url(settings, place), headers(settings, api_key))
    yield from send(settings, request, deadline, repeatable=True)


def poll_url(settings: Settings, place: str) -> str:
    """Where to ask after a run: its address as the service gave it, or one made from the run's id."""
    base = origin(settings.model_url)
    return absolute(base, place) if "/" in place else f"{base}/api/v1/data/{quoted(place)}"


def place_of(run: ModelResult | str) -> str:
    """The address of a run, or its id: of the result of `run_async`, or as it is given.

    Raises `InputError` for what is neither, and `InvalidResponseError` for an accepted run without an address.
    """
    if isinstance(run, str) and run.strip():
        return run
    if not isinstance(run, ModelResult):
        raise InputError(f"A run is named by its address, its id, or the result of run_async, not by {shown(run)}")
    if run.url is None:
        words = error_words(run._raw_data)
        said = f" It said: {words}" if words else ""
        raise InvalidResponseError(f"The service accepted the run, but gave no address to ask after it.{said}")
    return run.url


def _attend(settings: Settings, place: str, deadline: Deadline, run: Run) -> Operation[ModelResult]:
    try:
        return (yield from _poll_until_done(settings, place, deadline, run))
    except BaseException as stop:
        # Ctrl-C and asyncio's cancellation are no errors; a generator that is being closed can't take a step.
        if run.cancel_on_interrupt and not isinstance(stop, Exception | GeneratorExit):
            try:
                yield from cancel(settings, place, run.api_key, CANCEL_TIMEOUT)
            except (APIError, ConnectionLostError, ResourceError, TimeoutError) as error:
                stop.add_note(f"The run could not be canceled, and may go on at {place}: {error}")
        raise


def _poll_until_done(settings: Settings, place: str, deadline: Deadline, run: Run) -> Operation[ModelResult]:
    """First soon, then at a fraction of the time gone by. A service may hold a poll; then the next one follows at once."""
    request = Request("GET", poll_url(settings, place), headers(settings, run.api_key))
    deadline.now = yield Now()
    began = asked = deadline.now
    rest = 0.0
    while True:
        pause = max(_poll_pause(asked - began, run.wait_time), rest)
        deadline.now = yield Sleep(max(0.0, min(asked + pause - deadline.now, deadline.left)))
        if deadline.left <= 0:
            raise deadline.error(place)
        asked = deadline.now
        request.headers["prefer"] = f"wait={_hold(settings, run, deadline)}"
        result, rest = yield from _ask(settings, request, deadline, place, run.api_key)
        if result is not None and result.completed:
            return result
        if result is not None and run.on_progress is not None:
            run.on_progress(result)
        deadline.now = yield Now()


def _ask(
    settings: Settings, request: Request, deadline: Deadline, place: str, api_key: str | None
) -> Operation[tuple[ModelResult | None, float]]:
    """One poll of many: what it told, None when it failed in passing; and the seconds that the service wants to rest."""
    try:
        response: Response = yield from send(settings, request, deadline, repeatable=False)
        result = ModelResult.from_body(response.content, settings, api_key)
        return result, min(retry_after(response.headers) or 0.0, LONGEST_WAIT)
    except TimeoutError as error:
        raise deadline.error(place) from error
    except ResponseRejectedError:
        raise  # the next poll would be answered in the same way
    except ConnectionLostError:
        return None, 0.0  # the run goes on without us; the deadline ends this
    except APIError as error:
        if error.status_code < 500 and error.status_code not in REFUSED:
            raise
        return None, min(error.retry_after or 0.0, LONGEST_WAIT)


def _hold(settings: Settings, run: Run, deadline: Deadline) -> int:
    """Seconds that the service may keep a poll: less than the client bears with its silence, or wants to watch."""
    silence = HOLD if settings.read_timeout is None else 0.8 * settings.read_timeout
    longest = min(WATCHED_HOLD, run.wait_time or WATCHED_HOLD) if run.on_progress else HOLD
    return int(min(longest, deadline.left + 1, silence))


def _poll_pause(elapsed: float, wait_time: float | None) -> float:
    if wait_time is not None:
        return wait_time
    return jittered(min(max(POLL_FRACTION * elapsed, POLL_SHORTEST), POLL_LONGEST))


# --- Streams --------------------------------------------------------------------------------------


def stream(settings: Settings, run: Run) -> Operation[Stream | AsyncStream]:
    """Start a run whose answer comes in pieces, and open its body."""
    deadline = yield from begin(run.timeout)
    if run.files:
        run = yield from with_files_sent(settings, run, deadline)
    opened: Stream | AsyncStream = yield from send(
        settings, run_request(settings, run, stream=True), deadline, repeatable=False, streamed=True
    )
    return opened


# --- Files ----------------------------------------------------------------------------------------


def with_files_sent(settings: Settings, run: Run, deadline: Deadline) -> Operation[Run]:
    """The run with the addresses of its local files, once they are up."""
    if not run.files:
        return run
    from aixplain.v2._files.uploads import send_up  # few runs have files

    addresses = yield from send_up(settings, run.files, deadline, run.api_key, show_progress=run.show_progress)
    return replace(run, inputs={**run.inputs, **addresses}, files={})
