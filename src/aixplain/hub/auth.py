"""Who may ask: with keys, whoever has one; without, this machine."""

from __future__ import annotations

import functools
import re
from functools import partial

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aixplain.hub.endpoints import header_of, refused
from aixplain.hub.errors import HubError
from aixplain.hub.keys import ANYONE, Keyring
from aixplain.hub.presence import WATCH
from aixplain.hub.troubles import tell_trouble

#: Say whether the hub is alive, and at work, also when its database is away.
HEALTH = "/healthz", "/readyz"
#: A file's address is a secret of its own, and travels without the key.
FILES = "/files/"
#: The page, which asks for a key.
PAGE = "/web/"
WAY_OUT = (
    "Send one of the hub's keys in the header x-api-key, or as Authorization: Bearer KEY. "
    "Whoever runs the hub makes one with `aix keys create`."
)
_LOCAL = re.compile(r"(https?://)?(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", re.IGNORECASE)


class Access:
    """Lets requests through that carry a good key, whose record is then the scope's `key`.

    As long as the hub has no keys, it lets through what comes from this machine. The hub then listens on loopback alone, which
    a browser here reaches too: a page from elsewhere would run models through it. Browsers name such a page in `Origin`, or in
    `Host` when its name was made to point here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None
        if scope["type"] == "http" and scope["path"] not in HEALTH:
            try:
                refusal = await _refusal(scope)
            except HubError as error:
                tell_trouble("keys can't be looked up: %s", error)
                refusal = refused(scope["path"], 503, error.told, {"retry-after": "1"})
        await (self._app if refusal is None else refusal)(scope, receive, send)


async def _refusal(scope: Scope) -> Response | None:
    keyring: Keyring = scope["app"].state.keyring
    if not await keyring.wanted():
        scope["key"] = ANYONE
        return _refused_as_foreign(scope)
    if _is_open(scope["path"], keyring):
        return None
    secret = _secret(scope)
    key = None if secret is None else await keyring.find(secret)
    if secret is not None and key is not None:
        scope["key"] = key
        scope[WATCH] = partial(keyring.watch, secret, key)
        return None
    return refused(scope["path"], 401, f"{_reason(scope, secret)} {WAY_OUT}", {"www-authenticate": "Bearer"})


def _reason(scope: Scope, secret: str | None) -> str:
    """Why a request has no good key."""
    if secret is not None:
        return "The key was refused: this hub has no such key, or it was revoked or has expired."
    if header_of(scope, b"authorization"):
        return "This hub wants a key, and the header Authorization has none that it can read."
    return "This hub wants a key, and the request has none."


def _is_open(path: str, keyring: Keyring) -> bool:
    """Whether a path needs no key."""
    return path.startswith(FILES) or (not keyring.is_closed and (path == "/" or path.startswith(PAGE)))


def _refused_as_foreign(scope: Scope) -> Response | None:
    for name in (b"host", b"origin", b"x-forwarded-host"):
        value = header_of(scope, name)
        if value is not None and not _is_local(value):
            message = f"This hub has no keys, so it answers this machine only, and not {value!r:.100} ({name.decode()})."
            return refused(scope["path"], 403, f"{message} Make a key with `aix keys create`, or set AIXPLAIN_HUB_KEYS.", {})
    return None


@functools.lru_cache(maxsize=64)
def _is_local(name: str) -> bool:
    return _LOCAL.fullmatch(name) is not None


def _secret(scope: Scope) -> str | None:
    """`x-api-key`, or the second word of `Authorization: Bearer …` or `token …`."""
    if secret := header_of(scope, b"x-api-key"):
        return secret
    scheme, _, credentials = (header_of(scope, b"authorization") or "").partition(" ")
    return credentials.strip() or None if scheme.lower() in ("bearer", "token") else None
