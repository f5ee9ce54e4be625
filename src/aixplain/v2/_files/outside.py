"""Addresses that a service names and that aren't its own: a store for an upload, a host of media.

The key never goes there. Nor does a request to the inside of a network, which such an address may want to reach through us:
a service may name an address no further inside than it stands itself. One on the internet names public addresses; one in
a private network names private ones too, and one on this machine also this machine's. An address that hands out
credentials of a cloud, or is none of a host, is never asked. AIXPLAIN_TRUSTED_HOSTS widens this, as it does for the key.
The connection goes to the addresses that were looked at here (see `pins`), unless a proxy or a transport of one's own makes it.
"""

from __future__ import annotations

import os
import re

from aixplain._wire.addresses import Reach, reach_of_address
from aixplain.v2._files.disk import Work
from aixplain.v2._flow import Now, Operation, TransportFailure, TransportTimeout
from aixplain.v2._http.pins import pin
from aixplain.v2._send import Admission, Deadline, ErrorT
from aixplain.v2._settings import Settings, host_of, origin
from aixplain.v2.exceptions import AixplainV2Error, APIError, ConfigurationError, ConnectionLostError

#: What the HTTP library would read otherwise than this does, such as `%31` or a full-width digit, is no host here.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


_WAYS_OUT = {
    401: "its address may have expired; try again",
    403: "its address may have expired; try again",
    404: "it may have been deleted, or its address have expired",
    410: "it was deleted",
    413: "it is larger than is taken there; make it smaller",
}


def admission(settings: Settings, deadline: Deadline) -> Admission:
    """Admits what this service may name; raises `ConfigurationError` for the rest, before anything is asked."""

    def admit(url: str) -> Operation[None]:
        if settings.trusts(url):
            return
        host = host_of(url)
        if not _HOST.fullmatch(host):
            raise ConfigurationError(f"{url!r:.200} is no address of the web, and nothing was asked")
        reach = yield from _reach(host, deadline)
        if reach is Reach.PUBLIC:
            return
        own = Reach.PUBLIC if reach is Reach.NEVER else (yield from _own_reach(settings, deadline))
        if reach > own:
            raise ConfigurationError(
                f"{origin(url)} is inside a network where {origin(settings.backend_url)}, which named it, has no business; "
                "nothing was asked. If that is meant, name the host in AIXPLAIN_TRUSTED_HOSTS (it then gets the key too)."
            )

    return admit


def _own_reach(settings: Settings, deadline: Deadline) -> Operation[Reach]:
    """How far inside the service stands itself; on the internet, when nobody knows."""
    try:
        return min((yield from _reach(host_of(settings.backend_url), deadline)), Reach.LOOPBACK)
    except ConnectionLostError:
        return Reach.PUBLIC


def _reach(host: str, deadline: Deadline) -> Operation[Reach]:
    try:
        reach: Reach = yield Work(lambda: reach_of(host), max(deadline.left, 0.001))
        deadline.now = yield Now()
    except TransportTimeout as failure:
        raise deadline.error(reason=f"the address of {host} was not found in time") from failure
    except OSError as error:
        raise ConnectionLostError(f"{host} can't be found: {error.strerror or error}. Is this machine online?") from error
    return reach


def reach_of(host: str) -> Reach:
    """The furthest inside of a host's addresses, which it is pinned to. Asks the resolver, and so blocks; raises OSError when
    that knows none.

    >>> reach_of("127.0.0.1"), reach_of("10.1.2.3"), reach_of("169.254.169.254"), reach_of("9.9.9.9")
    (<Reach.LOOPBACK: 2>, <Reach.PRIVATE: 1>, <Reach.NEVER: 3>, <Reach.PUBLIC: 0>)
    """
    import socket  # slow to import, and seldom needed

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        if _proxied():  # where names are found by the proxy, and lead no further than it
            return Reach.PUBLIC
        raise
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    pin(host, addresses)
    return max(map(reach_of_address, addresses))


def _proxied() -> bool:
    return any(os.environ.get(name) or os.environ.get(name.lower()) for name in _PROXIES)


def retold(new: ErrorT, error: AixplainV2Error) -> ErrorT:
    """The new error, with what the old one knows of the request."""
    new.attempts, new.request_id, new.curl = error.attempts, error.request_id, error.curl
    return new


def lost_outside(error: ConnectionLostError) -> str:
    """Why there was no answer, without the advice for a service that is down."""
    return str(error.__cause__ if isinstance(error.__cause__, TransportFailure) else error)


def refused_outside(error: APIError) -> str:
    """A refusal in the words of a store, or of a host of media: the service's ways out are none for it."""
    words = error.message.rpartition(" (HTTP")[0]
    way_out = _WAYS_OUT.get(error.status_code)
    return f"{words} (HTTP {error.status_code}{f': {way_out}' if way_out else ''})"
