"""Where a client sends what, with which key: arguments, then environment, then the platform."""

from __future__ import annotations

import os
import re
from typing import Any

from aixplain.v2.exceptions import ConfigurationError

PLATFORM_CATALOG = "https://platform-api.aixplain.com"
PLATFORM_RUNS = "https://models.aixplain.com/api/v2/execute"
RUN_PATH = "/api/v2/execute"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Key(str):
    """A secret that travels as it is and shows itself nowhere: not in a repr, and so not among a traceback's variables.

    >>> {"x-api-key": Key("secret")}
    {'x-api-key': '…'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


class Settings:
    """One client's addresses, key and manners. The key is never shown.

    All of it stays as it was made, but for `keeps_keys`: whether the service has said that it keeps idempotency keys.
    """

    __slots__ = ("_own", "api_key", "backend_url", "client", "keeps_keys", "model_url", "strict", "trusted")

    client: Any
    """The client that these are of: what it gave finds its way back to it."""

    def __init__(
        self, api_key: str | None, backend_url: str, model_url: str, trusted: frozenset[str], strict: bool = False
    ) -> None:
        self.api_key = Key(api_key) if api_key else None
        self.keeps_keys = False
        self.backend_url = backend_url
        self.model_url = model_url
        self._own = (backend_url + "/", model_url + "/")
        self.trusted = trusted
        self.strict = strict

    def __repr__(self) -> str:
        return f"Settings(backend_url={self.backend_url!r}, model_url={self.model_url!r}, strict={self.strict})"

    @property
    def is_loopback(self) -> bool:
        """Whether the service runs on this machine."""
        return host_of(self.backend_url) in LOOPBACK

    def trusts(self, url: str) -> bool:
        """Whether the key may travel to this address."""
        return (
            url.startswith(self._own)
            or origin(url) in self.trusted
            or (url.startswith("https:") and host_of(url) in self.trusted)
        )

    def check_trusted(self, url: str) -> None:
        """Raise `ConfigurationError` unless the key may travel to this address."""
        if url.startswith(self._own) or self.trusts(url):  # the first alone decides nearly always
            return
        raise ConfigurationError(
            f"{origin(url) or url!r} is not an address of this client, so the key is not sent to it and nothing was asked. "
            "If you trust that host, name it in AIXPLAIN_TRUSTED_HOSTS."
        )


def resolve(
    api_key: str | None = None, backend_url: str | None = None, model_url: str | None = None, *, strict: bool = False
) -> Settings:
    """Fill in what the arguments leave open. Raises `ConfigurationError`."""
    environment = os.environ
    backend = (backend_url or environment.get("BACKEND_URL") or PLATFORM_CATALOG).rstrip("/")
    explicit = model_url or (None if backend_url else environment.get("MODELS_RUN_URL"))
    runs = (explicit or (PLATFORM_RUNS if backend == PLATFORM_CATALOG else backend + RUN_PATH)).rstrip("/")
    key = api_key or environment.get("TEAM_API_KEY") or environment.get("AIXPLAIN_API_KEY") or None
    for url in (backend, runs):
        _check_address(url)
    if key is None and backend == PLATFORM_CATALOG:
        raise ConfigurationError(
            "API key is required: set TEAM_API_KEY or AIXPLAIN_API_KEY, or pass Aixplain(api_key=…). "
            "Without a key, Aixplain.local() runs models on this machine."
        )
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ConfigurationError("The API key has a character that no header can carry; was it copied whole?")
    named = environment.get("AIXPLAIN_TRUSTED_HOSTS", "").split(",")
    trusted = frozenset({origin(backend), origin(runs), *(host.strip() for host in named if host.strip())})
    return Settings(key, backend, runs, trusted, strict)


_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^/?#@:\s]+)(?::(\d{1,5}))?(?=[/?#]|$)", re.IGNORECASE)
_USUAL_PORTS = {"http": "80", "https": "443"}


def origin(url: str) -> str:
    """Scheme, host and port of an address; "" for what is no address of the web.

    >>> origin("HTTPS://Example.com:443/path?query"), origin("http://user@host/")
    ('https://example.com', '')
    """
    found = _ORIGIN.match(url)
    if found is None:
        return ""
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    return f"{scheme}://{host}" + (f":{port}" if port and port != _USUAL_PORTS[scheme] else "")


def host_of(url: str) -> str:
    """The host of an address, without brackets.

    >>> host_of("http://[::1]:8180/")
    '::1'
    """
    found = _ORIGIN.match(url)
    return found[2].lower().strip("[]") if found else ""


def _check_address(url: str) -> None:
    found = _ORIGIN.match(url)
    if found is None or int(found[3] or 0) > 65535:
        raise ConfigurationError(f"{url!r} is no address of a service. One looks like http://127.0.0.1:8180")
    allowed = host_of(url) in LOOPBACK or os.environ.get("AIXPLAIN_ALLOW_INSECURE_URLS") == "1"
    if origin(url).startswith("http:") and not allowed:
        raise ConfigurationError(
            f"{origin(url)} is plain http to another machine, where anyone between could read the key. "
            "Use https, or set AIXPLAIN_ALLOW_INSECURE_URLS=1 on a network that you trust."
        )


def absolute(base: str, path: str) -> str:
    """An address from a path under `base`, or the address itself.

    >>> absolute("http://127.0.0.1:8180", "v2/models/x")
    'http://127.0.0.1:8180/v2/models/x'
    """
    return path if "://" in path else f"{base}/{path.lstrip('/')}"
