"""Answers that every release of the official client can read.

Two of its fields changed their shape between releases, and both releases break off over the other one's: `attributes` is
a list for 0.2.41 and an object for 0.2.48, and `details` with facts of a model's own is read by 0.2.48 alone. Nothing in
their requests tells one from the other. So neither is sent to them: attributes are left out, such details travel as
`rawData`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request


def is_official(request: Request) -> bool:
    """Whether a request comes from the official client: it sends by requests, and a content type with every request."""
    headers = request.headers
    return headers.get("user-agent", "").startswith("python-requests/") and headers.get("content-type") == "application/json"


def readable(body: bytes) -> bytes:
    """The same answer, without what one of the releases can't read."""
    answer: dict[str, Any] = msgspec.json.decode(body)
    for model in answer.get("results", [answer]):
        if "attributes" in model:
            model["attributes"] = None
    if isinstance(answer.get("details"), dict):
        answer["rawData"], answer["details"] = answer["details"], None
    return msgspec.json.encode(answer)
