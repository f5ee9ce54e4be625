"""Reverse proxies: the address by which callers reach the hub, which may be below a path prefix."""

from __future__ import annotations

import functools
import ipaddress
import os
import re
from typing import Any

from starlette.types import Scope

from aixplain.hub.settings import Settings

#: Where a request's scope has the path prefix and the host that its proxy told.
PREFIX, HOST = "aixplain.prefix", "aixplain.host"
#: Whether a request is for the prefix itself, without a slash behind it.
IS_BARE = "aixplain.is_bare"
FORWARDED = b"x-forwarded-"
#: Further proxies that are trusted, as uvicorn reads them.
VARIABLE = "FORWARDED_ALLOW_IPS"
#: Beginnings of the hub's own paths: a proxy may have removed the prefix from a request, or left it.
_OWN = re.compile(r"/$|/(?:api/v[12]|v1(?!/execute|/data)|v2/models|sdk|files|web|mcp|healthz|readyz|metrics)(?:/|$)")
_HOST = re.compile(r"[A-Za-z0-9._~%-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_PREFIX = re.compile(r"(?:/[\w.~%!$&'()*+;=:@-]+)*", re.ASCII)


class Forwarding:
    """Reads what a proxy tells of a request: `X-Forwarded-Proto`, `-Host` and `-Prefix`, where the proxy is trusted."""

    def __init__(self, settings: Settings) -> None:
        self._root_path = settings.root_path.rstrip("/")
        more = os.environ.get(VARIABLE, "").split(",")
        trusted = [each.strip() for each in (*settings.trusted_proxies, *more) if each.strip()]
        self._trusts_all = "*" in trusted
        self._trusted = tuple(ipaddress.ip_network(each, strict=False) for each in trusted if each != "*")
        self.is_below_prefix = bool(self._root_path)

    def apply(self, scope: Scope, *, is_forwarded: bool) -> None:
        """Note how callers reach the hub, and remove the prefix from the path."""
        prefix = self._root_path
        if is_forwarded and self._is_trusted(scope):
            told = _told(scope)
            prefix = told.get("prefix") or prefix
            scope["scheme"] = told.get("proto") or scope["scheme"]
            scope[HOST] = told.get("host")
        if prefix:
            scope[PREFIX] = prefix
            scope[IS_BARE] = scope["path"] == prefix
            scope["path"] = without_prefix(scope["path"], prefix)

    def _is_trusted(self, scope: Scope) -> bool:
        peer = scope.get("client")
        return self._trusts_all or (peer is not None and _is_among(peer[0], self._trusted))


def without_prefix(path: str, prefix: str) -> str:
    """Remove the prefix from a path, unless a proxy did so already.

    >>> without_prefix("/hub/v1/models", "/hub"), without_prefix("/v1/models", "/hub"), without_prefix("/hub", "/hub")
    ('/v1/models', '/v1/models', '/')
    >>> without_prefix("/api/v2/execute/m", "/api"), without_prefix("/api/api/v2/execute/m", "/api")
    ('/api/v2/execute/m', '/api/v2/execute/m')
    """
    if path == prefix:
        return "/"
    rest = path.removeprefix(prefix)
    return rest if _OWN.match(rest) else path


def is_host(text: str | None) -> bool:
    """Whether a text is a host, with a port or without, and nothing that an address or JSON would end at."""
    return text is not None and _HOST.fullmatch(text) is not None


def _told(scope: Scope) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, value in scope["headers"]:
        if name.startswith(FORWARDED):
            told.setdefault(name.removeprefix(FORWARDED).decode("latin-1"), value.decode("latin-1"))
    proto, host = (told.get(name, "").split(",")[0].strip() for name in ("proto", "host"))
    prefix = "".join(each.strip().rstrip("/") for each in told.get("prefix", "").split(","))
    return {
        "proto": proto if proto in ("http", "https") else None,
        "host": host if is_host(host) else None,
        "prefix": prefix if _PREFIX.fullmatch(prefix) else None,
    }


@functools.lru_cache(maxsize=256)
def _is_among(peer: str, networks: tuple[Any, ...]) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
