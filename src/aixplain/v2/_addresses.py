"""Addresses of the web: their origin, their host, and which of them a key may travel to at all."""

from __future__ import annotations

import os
import re

from aixplain.v2.exceptions import ConfigurationError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

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


def port_of(url: str) -> int:
    """The port of an address, told or usual; 0 for what is no address.

    >>> port_of("https://example.com/path")
    443
    """
    found = _ORIGIN.match(url)
    return int(found[3] or _USUAL_PORTS[found[1].lower()]) if found else 0


def check_address(url: str) -> None:
    """Raise `ConfigurationError` unless a key may travel to such an address."""
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
