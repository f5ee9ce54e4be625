"""Answers that every release of the official client can read.

`attributes` changed its shape between releases: it is a list for 0.2.41 and an object for 0.2.48, and each breaks off over
the other one's. Nothing in their requests tells one from the other, so they get none.

In a stream, 0.2.41 reads `data` alone, and takes a chunk in the shape of OpenAI's for an empty one; 0.2.48 reads both. So the
chunks of an upstream have their text as `data` too.
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


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


_read = msgspec.json.Decoder(_Chunk).decode


def with_data(events: bytes) -> bytes:
    """The same events, whole ones, in which chunks of text have it as `data` too."""
    return b"".join(_with_data(event) + b"\n\n" for event in events[:-2].split(b"\n\n"))


def _with_data(event: bytes) -> bytes:
    body = event.removeprefix(b"data:").lstrip()
    try:
        text = "".join(choice.delta.content or "" for choice in _read(body).choices[:1])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return event  # a comment, or of a shape that isn't text
    return b'data: {"data":' + msgspec.json.encode(text) + b"," + body[1:]
