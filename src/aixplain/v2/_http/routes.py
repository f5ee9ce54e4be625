"""Where an address is reached: at its own host and port, or by a proxy that the environment names."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from aixplain.v2._flow import TransportFailure
from aixplain.v2._http.no_proxy import bypasses_proxy

_ADDRESS = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^/?#@:\s\\]+)(?::(\d{1,5}))?([/?][^#\s]*)?(?:#.*)?", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_NAMES = ("http_proxy", "https_proxy", "all_proxy")


class Place(NamedTuple):
    """A host and its port."""

    host: str
    port: int


class Route:
    """One way to connect: connections with the same route serve the same requests. There is one object for each."""

    __slots__ = ("credentials", "place", "proxy", "secure")

    def __init__(self, place: Place, *, secure: bool, proxy: Place | None = None, credentials: str = "") -> None:
        self.place = place
        self.secure = secure
        self.proxy = proxy
        self.credentials = credentials
        """For the proxy, as its header wants them."""

    @property
    def first(self) -> Place:
        """Whom the socket connects to."""
        return self.proxy or self.place

    @property
    def tunnels(self) -> bool:
        """Whether the proxy is asked for a tunnel, in which it sees nothing."""
        return self.proxy is not None and self.secure


class Target(NamedTuple):
    """What a request asks for, and on which way."""

    route: Route
    asked: str
    host_header: str
    proxy_headers: tuple[str, ...] = ()


class Routes:
    """Finds the targets of addresses, and remembers the way to each origin."""

    def __init__(self, *, direct: bool) -> None:
        self._proxies = {} if direct else _proxies_here()
        self._known: dict[str, tuple[Route, str]] = {}
        self._routes: dict[tuple[str, Place], Route] = {}

    def target(self, url: str) -> Target:
        """Where a request to this address goes. Raises `TransportFailure` for what is no address of the web."""
        end = url.find("/", 8)
        known = self._known.get(url[:end]) if end > 0 else None
        if known is not None and known[0].proxy is None and url.isascii() and "#" not in url and " " not in url:
            return Target(known[0], url[end:], known[1])
        return self._found(url)

    def _found(self, url: str) -> Target:
        found = _ADDRESS.fullmatch(_in_ascii(url))
        if found is None or int(found[3] or 0) > 65535:
            raise TransportFailure(f"{url[:100]!r} is no address to send to", sent=False)
        scheme, host, port, path = found[1], found[2], int(found[3] or _PORTS[found[1]]), found[4] or "/"
        path = path if path.startswith("/") else "/" + path
        header = host if port == _PORTS[scheme] else f"{host}:{port}"
        place = Place(host.strip("[]"), port)
        route = self._routes.setdefault((scheme, place), self._route(scheme, place))
        if route.proxy is None or route.secure:
            self._known[f"{scheme}://{url.split('/', 3)[2]}"] = (route, header)
            return Target(route, path, header)
        named = (f"proxy-authorization: {route.credentials}",) if route.credentials else ()
        return Target(route, f"http://{header}{path}", header, named)

    def _route(self, scheme: str, place: Place) -> Route:
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        if not proxy or bypasses_proxy(place.host, place.port, self._proxies.get("no", "")):
            return Route(place, secure=scheme == "https")
        kind = proxy.partition("://")[0].lower() if "://" in proxy else "http"
        if kind != "http":
            raise TransportFailure(
                f"The environment names a proxy of the kind {kind}://, and only http:// proxies are supported (also for https "
                "addresses, through a tunnel). See HTTP_PROXY, HTTPS_PROXY and ALL_PROXY",
                sent=False,
            )
        found = re.fullmatch(r"(?:http://)?(?:([^/]*)@)?(\[[0-9A-Fa-f:.]+\]|[^/:@\s]+)(?::(\d{1,5}))?/?", proxy, re.IGNORECASE)
        if found is None or int(found[3] or 80) > 65535:
            raise TransportFailure(
                "The proxy that the environment names can't be used: one looks like http://127.0.0.1:3128. "
                "See HTTP_PROXY, HTTPS_PROXY and ALL_PROXY",
                sent=False,
            )
        at = Place(found[2].strip("[]"), int(found[3] or 80))
        return Route(place, secure=scheme == "https", proxy=at, credentials=_basic(found[1]))


def _in_ascii(url: str) -> str:
    """The address as it travels: other letters of its host in punycode, of its path percent-encoded."""
    if url.isascii() and " " not in url:
        return url
    from urllib.parse import quote, urlsplit  # rare, and slow to import

    parts = urlsplit(url)
    try:
        host = parts.netloc.encode("idna").decode()
    except UnicodeError:
        return ""
    rest = quote(f"{parts.path}?{parts.query}" if parts.query else parts.path, safe="/%?=&+,;:@!$'()*~[]")
    return f"{parts.scheme}://{host}{rest}"


def _proxies_here() -> dict[str, str]:
    """The proxies of the environment, by scheme, as curl and Python's own library read them."""
    if not any(name.lower() in _NAMES for name in os.environ):
        return {}
    from urllib.request import getproxies_environment  # slow to import, and needed where a proxy is

    return getproxies_environment()


def _basic(credentials: str | None) -> str:
    if not credentials:
        return ""
    from base64 import b64encode
    from urllib.parse import unquote

    return "Basic " + b64encode(unquote(credentials).encode()).decode()


def tunnel_request(route: Route) -> bytes:
    """What a proxy is asked for before a secure connection goes through it."""
    host = f"[{route.place.host}]" if ":" in route.place.host else route.place.host
    lines = [f"CONNECT {host}:{route.place.port} HTTP/1.1", f"host: {host}:{route.place.port}"]
    if route.credentials:
        lines.append(f"proxy-authorization: {route.credentials}")
    return "\r\n".join([*lines, "", ""]).encode()
