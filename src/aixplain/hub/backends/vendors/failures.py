"""What the library raises, as whoever runs a model here is told of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aixplain._wire.errors import first_words
from aixplain._wire.rate_limits import asked_wait
from aixplain.hub.backends import ModelError
from aixplain.hub.errors import NO_FIELDS, ErrorFields

if TYPE_CHECKING:
    from any_llm.exceptions import AnyLLMError

    from aixplain.hub.backends.vendors.vendor import Vendor

_KEY_REFUSED = (401, 403)
#: Vendors' clients bring HTTP libraries of their own, which agree on names alone.
_NO_CONNECTION = frozenset(
    {"ConnectError", "ConnectionRefusedError", "EndpointConnectionError", "ClientConnectorError", "gaierror"}
)
_CUT = frozenset(
    {"RemoteProtocolError", "ReadError", "ClientPayloadError", "ServerDisconnectedError", "ConnectionResetError"}
    | {"ConnectionClosedError", "ResponseStreamingError"}
)


class _Answer(NamedTuple):
    """What a vendor answered, where its client kept it: the status, the vendor's words ("" for none) and the headers."""

    status: int | None
    words: str
    headers: Mapping[str, str]
    fields: ErrorFields = NO_FIELDS


def failure_of(error: AnyLLMError, vendor: Vendor) -> ModelError:
    """The failure of a model of ours. The library's own words are the last choice: they are about its insides."""
    from any_llm.exceptions import AuthenticationError, RateLimitError

    status, said, headers, fields = _answer(error)
    words = said or error.message
    if isinstance(error, AuthenticationError) and (status in (None, *_KEY_REFUSED) or "key" in words.lower()):
        return vendor.refused(status if status in _KEY_REFUSED else 401, words)
    if isinstance(error, RateLimitError):
        return vendor.refused(429, words, asked_wait(headers, 429, time.time()), fields)
    if error.error_type == "overloaded_error":  # in the middle of a stream, whose status was 200
        return vendor.refused(503, words, asked_wait(headers, 503, time.time()), fields)
    if status is not None and status >= 300:
        return vendor.refused(status, words, asked_wait(headers, status, time.time()), fields)
    return _broken(error, vendor) or _unsaid(error, vendor, words)


def _broken(error: AnyLLMError, vendor: Vendor) -> ModelError | None:
    """No answer came, or not all of it; None for anything else."""
    for name in _causes(error):
        if "Timeout" in name:
            return vendor.late(f"no answer in {vendor.timeout:g} seconds.")
        if name in _NO_CONNECTION:
            return vendor.unreachable("no connection can be made.")
        if name in _CUT:
            return vendor.cut("the connection was closed in the middle.")
    return None


def _unsaid(error: AnyLLMError, vendor: Vendor, words: str) -> ModelError:
    """The library won't ask so, or can't read what was answered."""
    from any_llm.exceptions import InvalidRequestError, UnsupportedParameterError

    if isinstance(error, InvalidRequestError | UnsupportedParameterError):
        return vendor.unaskable(words)
    return vendor.failed(words)


def _causes(error: AnyLLMError) -> list[str]:
    """The names of what a failure came from, the first cause first, each with the names of its kinds."""
    chain: list[BaseException] = []
    cause: BaseException | None = error.original_exception
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return [kind.__name__ for cause in reversed(chain) for kind in type(cause).__mro__]


def _answer(error: AnyLLMError) -> _Answer:
    """Each vendor's client keeps it in a way of its own, which the library doesn't level out."""
    cause = error.original_exception
    response: Any = getattr(cause, "response", None)
    if isinstance(response, dict):  # Amazon's
        about: dict[str, Any] = response.get("ResponseMetadata", {})
        return _Answer(
            about.get("HTTPStatusCode"), first_words(response.get("Error", {}), "Message"), about.get("HTTPHeaders", {})
        )
    body = getattr(cause, "body", None) or getattr(cause, "details", None)
    headers = getattr(cause, "headers", None) or getattr(response, "headers", None)
    words = first_words(body, "message", "error") if isinstance(body, dict) else ""
    told = body.get("error") if isinstance(body, dict) else None
    fields = ErrorFields.read(told if isinstance(told, dict) else body)
    return _Answer(error.status_code, words, headers if isinstance(headers, Mapping) else {}, fields)
