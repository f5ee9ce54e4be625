"""Catalog answers that every release of the official client can read.

`attributes` changed its shape between releases: it is a list for 0.2.41 and an object for 0.2.48, and each breaks off over
the other one's. Nothing in their requests tells one from the other, so they get none.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request


def is_official(request: Request) -> bool:
    """Whether a request comes from the official client: it sends by requests, and a content type with every request."""
    headers = request.headers
    return headers.get("user-agent", "").startswith("python-requests/") and headers.get("content-type") == "application/json"


def without_attributes(body: bytes) -> bytes:
    """The same model, or page of models, with no attributes."""
    answer: dict[str, Any] = msgspec.json.decode(body)
    for model in answer.get("results", [answer]):
        model["attributes"] = None
    return msgspec.json.encode(answer)
