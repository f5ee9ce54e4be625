"""Who may ask: keys, when the hub has any."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from aixplain.hub.endpoints import error_response

#: A file's address is a secret of its own, and travels without the key.
OPEN_PATHS = ("/healthz", "/files/")


class KeyAuth:
    """Lets requests through that carry one of the keys; all of them when there are no keys."""

    def __init__(self, app: ASGIApp, keys: Iterable[str]) -> None:
        self._app = app
        self._digests = [_digest(key) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._digests or scope["path"].startswith(OPEN_PATHS):
            await self._app(scope, receive, send)
            return
        key = _key(Headers(scope=scope))
        if key is not None and any(hmac.compare_digest(_digest(key), known) for known in self._digests):
            await self._app(scope, receive, send)
            return
        message = "This hub wants a key, and the request has none" if key is None else "The key was refused"
        response = error_response(401, f"{message}. Send one of the hub's keys in the header x-api-key.")
        await response(scope, receive, send)


def _key(headers: Headers) -> str | None:
    """`x-api-key`, or the second word of `Authorization: Bearer …` or `token …`."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    bearer = credentials.strip() if scheme.lower() in ("bearer", "token") else None
    return headers.get("x-api-key") or bearer or None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
