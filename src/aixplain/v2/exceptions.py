"""What can go wrong, by meaning.

    AixplainV2Error
    ├── ConfigurationError      (ValueError)       no key, a wrong address, a setting that can't be
    ├── ValidationError                            a call that can't be made; nothing was sent
    │   └── InputError          (ValueError)       an input that is missing, misspelt or of a wrong type
    ├── UnexpectedDataError     (ValueError)       a result that is not what `parse` was asked for
    ├── ResourceError                              a resource that is not in a state for this
    ├── APIError                                   the service refused, or the run failed
    ├── TimeoutError            (TimeoutError)     the deadline passed; `poll_url` resumes
    ├── FileUploadError                            a file that can't be read, or wasn't taken
    ├── FileSaveError           (OSError)          an output that can't be written where it should
    ├── BudgetReachedError                         a map stopped, because what it may spend is spent
    ├── CheckpointError         (ValueError)       a map's file is another map's, or can't be read or written
    └── ConnectionLostError     (ConnectionError)  the service can't be reached, or stopped talking
        ├── ConnectionTimeoutError                 it took longer to connect, or was silent for longer, than allowed
        ├── InvalidResponseError                   it answered, but not in the protocol
        │   └── ResponseRejectedError              it is larger than allowed, or can't be decoded
        └── IncompleteStreamError                  a stream was cut; `partial` has the text that came
            ├── StreamFailedError   (APIError)     the service reported a failure inside a stream
            └── StreamTimeoutError  (TimeoutError) the deadline passed inside a stream

The names in brackets are other errors that the error is too, for `except ValueError` and its like.
"""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple


class Attempt(NamedTuple):
    """One time that a request was sent."""

    at: float
    """Seconds from the start of the call to the answer, or to the moment that none could come any more."""
    status: int | None
    """The HTTP status; None when no answer came."""
    reason: str
    """What was wrong with it."""


class AixplainV2Error(Exception):
    """The root of every error of this package. `message` is the text, `details` what else is known.

    `attempts` lists each time that the request was sent, `request_id` names it to the service's people, and `curl` is a
    command that repeats it, with the key left out; they are empty where nothing was sent.
    """

    attempts: tuple[Attempt, ...] = ()
    request_id: str | None = None
    curl: str | None = None

    def __init__(self, message: str | list[str], details: dict[str, Any] | None = None) -> None:
        self.message = message if isinstance(message, str) else "; ".join(message)
        self.details = details or {}
        super().__init__(self.message)


class ConfigurationError(AixplainV2Error, ValueError):
    """A setting is missing or can't be: no key, an address that is none, plain http to another machine."""


class ValidationError(AixplainV2Error):
    """The call can't be made as it stands. Nothing was sent."""


class InputError(ValidationError, ValueError):
    """An input is missing, misspelt, of a wrong type or not among the options. Nothing was sent."""


class UnexpectedDataError(AixplainV2Error, ValueError):
    """A result is not of the class that `parse` was asked for. `data` is what it is."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.data = data


class ResourceError(AixplainV2Error):
    """The resource is not in a state for this."""


class APIError(AixplainV2Error):
    """The service refused the request, or the run failed.

    `status_code` is the HTTP status, or the `statusCode` of a failed run; `response_data` is the answer as a dict;
    `error` is what the service said, without the words around it; `retry_after` the seconds that the service asked to be left
    alone, if it did.
    """

    def __init__(
        self,
        message: str | list[str],
        status_code: int = 0,
        response_data: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        self.status_code = status_code
        self.response_data = response_data or {}
        self.error = error or (message if isinstance(message, str) else "; ".join(message))
        self.retry_after: float | None = None
        request_id = self.response_data.get("requestId")
        self.request_id = request_id if isinstance(request_id, str) else None
        details = {"status_code": status_code, "response_data": self.response_data, "error": self.error}
        super().__init__(message, details)


class TimeoutError(AixplainV2Error, builtins.TimeoutError):
    """The deadline passed. The run may go on: `model.sync_poll(error.poll_url)` waits for it, when there is an address."""

    def __init__(self, message: str | list[str], details: dict[str, Any] | None = None, *, poll_url: str | None = None) -> None:
        super().__init__(message, details)
        self.poll_url = poll_url


class FileUploadError(AixplainV2Error):
    """A file can't be read, is too large, or was not taken."""


class FileSaveError(AixplainV2Error, OSError):
    """An output can't be written: a file is there already, the disk is full, or it isn't yours to write."""


class BudgetReachedError(AixplainV2Error):
    """A map stopped before its inputs were through: `used_credits` of its `budget` are spent. All it started was given out."""

    def __init__(self, message: str | list[str], *, budget: float = 0.0, used_credits: float = 0.0) -> None:
        super().__init__(message, {"budget": budget, "used_credits": used_credits})
        self.budget = budget
        self.used_credits = used_credits


class CheckpointError(AixplainV2Error, ValueError):
    """The checkpoint of a map is of another model or other inputs, is in use, is no checkpoint, or can't be read or written."""


class ConnectionLostError(AixplainV2Error, ConnectionError):
    """The service can't be reached, or the connection broke before its answer was whole."""


class ConnectionTimeoutError(ConnectionLostError, builtins.TimeoutError):
    """The service took longer than `connect_timeout` to reach, or was silent for longer than `read_timeout`.

    It is the builtin `TimeoutError` too. The deadline of a call is another matter, and raises `TimeoutError` of this module.
    """


class InvalidResponseError(ConnectionLostError):
    """The service answered, but not in the protocol: no JSON, or JSON of another shape."""


class ResponseRejectedError(InvalidResponseError):
    """The response is larger than `max_response_bytes`, or its `Content-Encoding` can't be decoded."""


class IncompleteStreamError(ConnectionLostError):
    """A stream was cut, or failed, before its end. `partial` is the text that came."""

    def __init__(self, message: str, partial: str = "") -> None:
        super().__init__(message)
        self.partial = partial


class StreamFailedError(IncompleteStreamError, APIError):
    """The service reported a failure inside a stream. `partial` is the text that came before it."""

    def __init__(self, message: str, partial: str = "", response_data: dict[str, Any] | None = None) -> None:
        status = (response_data or {}).get("statusCode")
        APIError.__init__(self, message, status if isinstance(status, int) else 0, response_data)
        self.partial = partial


class StreamTimeoutError(IncompleteStreamError, TimeoutError):
    """The deadline passed inside a stream. `partial` is the text that came."""

    def __init__(self, message: str, partial: str = "") -> None:
        TimeoutError.__init__(self, message)
        self.partial = partial
