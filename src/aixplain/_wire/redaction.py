"""Remove a secret from what a service answers: some repeat the key that they were sent."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from aixplain._wire.records import UNREADABLE, parse

_HIDDEN = "…".encode()
#: A shorter secret may be a part of any word, and is removed only where it stands alone.
_LONG = 8


def redact(body: bytes, secret: str | None) -> bytes:
    """Return the body with an ellipsis in the place of the secret.

    >>> redact(b'{"error": "no such key: a1b2c3d4e5"}', "a1b2c3d4e5").decode()
    '{"error": "no such key: …"}'
    >>> redact(b"Backend of key k is down", "k").decode()
    'Backend of key … is down'
    """
    if not secret:
        return body
    for written in {secret.encode("utf-8", "replace"), _escaped(secret)}:
        if written in body:
            alone = re.escape(written) if len(written) >= _LONG else b"(?<![A-Za-z0-9])%s(?![A-Za-z0-9])" % re.escape(written)
            body = re.sub(alone, _HIDDEN, body)
    return body


def redact_data(data: dict[str, Any], secret: str | None) -> dict[str, Any]:
    """Return plain data without the secret, and without values that are nested too deeply to be searched for it."""
    try:
        body = msgspec.json.encode(data)
    except (TypeError, *UNREADABLE):
        body = msgspec.json.encode({key: value for key, value in data.items() if _is_written(value)})
    else:
        if redact(body, secret) == body:
            return data
    told: dict[str, Any] = parse(redact(body, secret))
    return told


def _is_written(value: Any) -> bool:
    try:
        msgspec.json.encode(value)
    except (TypeError, *UNREADABLE):
        return False
    return True


def _escaped(secret: str) -> bytes:
    """The secret as it stands in JSON."""
    return msgspec.json.encode(secret.encode("utf-8", "replace").decode())[1:-1]
