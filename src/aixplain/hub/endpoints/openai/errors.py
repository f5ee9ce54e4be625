"""What is refused, in the shape that clients of OpenAI read."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from aixplain._wire.messages import Parameter
from aixplain.hub.errors import NO_FIELDS, ErrorFields, Refusal

#: The protocol's own numbers, as ones that everybody knows.
STATUSES = {465: 403, 475: 402, 485: 502, 492: 400, 495: 400, 497: 429}
_KINDS = {
    401: ("authentication_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "not_found"),
    409: ("invalid_request_error", "conflict"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}
#: Failures that come again when the same request does. These clients would send it twice more.
_FINAL = frozenset({409, 500, 504})


class Unfit(Refusal):
    """A part of the request that can't be honoured; `param` is its name."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(400, message, fields=ErrorFields(param=param))


def error_of(status: int, message: str, fields: ErrorFields = NO_FIELDS) -> dict[str, Any]:
    """The body of an error. What `fields` don't tell is told by the status."""
    status = STATUSES.get(status, status)
    kind, usual = _KINDS.get(status, ("invalid_request_error" if status < 500 else "server_error", None))
    told = {"type": fields.type or kind, "param": fields.param, "code": fields.code or usual}
    return {"error": {"message": message, **told}}


def openai_error(status: int, message: str, headers: dict[str, str], error: Exception | None = None) -> Response:
    """The answer to a request that is refused, because of this error."""
    status = STATUSES.get(status, status)
    if status in _FINAL:
        headers = {**headers, "x-should-retry": "false"}
    fields = error.fields if isinstance(error, Refusal) else NO_FIELDS
    if isinstance(error, Refusal) and status == 404 and fields.code is None:
        fields = fields._replace(code="model_not_found", param=fields.param or "model")
    return Response(msgspec.json.encode(error_of(status, message, fields)), status, headers, media_type="application/json")


def named(parameters: tuple[Parameter, ...]) -> str:
    """The names of parameters, for a sentence."""
    return ", ".join(parameter.name for parameter in parameters) or "nothing"
