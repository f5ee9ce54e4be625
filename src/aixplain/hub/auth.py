"""Who may ask: with keys, whoever has one; without, this machine."""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aixplain.hub.endpoints import error_response

#: A file's address is a secret of its own, and travels without the key. The page asks for one.
OPEN_PATHS = ("/healthz", "/files/", "/web/")
_LOCAL = re.compile(r"(https?://)?(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)


class Access:
    """Lets requests through that carry one of the keys or, when there are no keys, come from this machine.

    Without keys the hub listens on loopback alone, which a browser here reaches too: a page from elsewhere would run
    models through it. Browsers name such a page in `Origin`, or in `Host` when its name was made to point here.
    """

    def __init__(self, app: ASGIApp, keys: Iterable[str]) -> None:
        self._app = app
        self._digests = [_digest(key) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope, Headers(scope=scope)) if scope["type"] == "http" else None
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._digests:
            return _refused_as_foreign(headers)
        if scope["path"] == "/" or scope["path"].startswith(OPEN_PATHS):
            return None
        key = _key(headers)
        if key is not None and any(hmac.compare_digest(_digest(key), known) for known in self._digests):
            scope["caller"] = _digest(key).hex()[:16]
            return None
        message = "This hub wants a key, and the request has none" if key is None else "The key was refused"
        return error_response(401, f"{message}. Send one of the hub's keys in the header x-api-key.")


def _refused_as_foreign(headers: Headers) -> Response | None:
    for name in ("host", "origin"):
        value = headers.get(name)
        if value is not None and not _is_local(value):
            message = f"This hub has no keys, so it answers this machine only, and not {value!r:.100} ({name})."
            return error_response(403, f"{message} Set AIXPLAIN_HUB_KEYS to use it under other names.")
    return None


@functools.lru_cache(maxsize=64)
def _is_local(name: str) -> bool:
    return _LOCAL.fullmatch(name) is not None


def _key(headers: Headers) -> str | None:
    """`x-api-key`, or the second word of `Authorization: Bearer …` or `token …`."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    bearer = credentials.strip() if scheme.lower() in ("bearer", "token") else None
    return headers.get("x-api-key") or bearer or None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
