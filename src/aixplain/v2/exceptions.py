"""What can go wrong, by meaning.

    AixplainV2Error
    ├── ConfigurationError      (ValueError)       no key, a wrong address, a setting that can't be
    ├── ValidationError                            a call that can't be made; nothing was sent
    │   └── InputError          (ValueError)       an input that is missing, misspelt or of a wrong type
    ├── ResourceError                              a resource that is not in a state for this
    ├── APIError                                   the service refused, or the run failed
    ├── TimeoutError            (TimeoutError)     the deadline passed; `poll_url` resumes
    ├── FileUploadError                            a file that can't be read, or wasn't taken
    └── ConnectionLostError     (ConnectionError)  the service can't be reached, or stopped talking
        ├── InvalidResponseError                   it answered, but not in the protocol
        └── IncompleteStreamError                  a stream was cut; `partial` has the text that came
            └── StreamFailedError   (APIError)     the service reported a failure inside a stream

The names in brackets are builtins that the error is too, for `except ValueError` and its like.
"""

from __future__ import annotations

import builtins
from typing import Any


class AixplainV2Error(Exception):
    """The root of every error of this package. `message` is the text, `details` what else is known."""

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


class ResourceError(AixplainV2Error):
    """The resource is not in a state for this."""


class APIError(AixplainV2Error):
    """The service refused the request, or the run failed.

    `status_code` is the HTTP status, or the `statusCode` of a failed run; `response_data` is the answer as a dict;
    `error` the answer's own short title; `request_id` names the request to the service's people.
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
        self.error = error or ""
        request_id = self.response_data.get("requestId")
        self.request_id: str | None = request_id if isinstance(request_id, str) else None
        details = {"status_code": status_code, "response_data": self.response_data, "error": self.error}
        super().__init__(message, details)


class TimeoutError(AixplainV2Error, builtins.TimeoutError):
    """The deadline passed. The run may go on: `model.poll(error.poll_url)` asks after it, when there is an address."""

    def __init__(self, message: str | list[str], details: dict[str, Any] | None = None, *, poll_url: str | None = None) -> None:
        super().__init__(message, details)
        self.poll_url = poll_url


class FileUploadError(AixplainV2Error):
    """A file can't be read, is too large, or was not taken."""


class ConnectionLostError(AixplainV2Error, ConnectionError):
    """The service can't be reached, or the connection broke before its answer was whole."""


class InvalidResponseError(ConnectionLostError):
    """The service answered, but not in the protocol: no JSON, or JSON of another shape."""


class IncompleteStreamError(ConnectionLostError):
    """A stream was cut, or failed, before its end. `partial` is the text that came."""

    def __init__(self, message: str, partial: str) -> None:
        super().__init__(message)
        self.partial = partial


class StreamFailedError(IncompleteStreamError, APIError):
    """The service reported a failure inside a stream. `partial` is the text that came before it."""

    def __init__(self, message: str, partial: str, response_data: dict[str, Any]) -> None:
        status = response_data.get("statusCode")
        APIError.__init__(self, message, status if isinstance(status, int) else 0, response_data)
        self.partial = partial
