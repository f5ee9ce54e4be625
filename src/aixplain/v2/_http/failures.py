"""The failures of a connection, as sentences. No query of an address reaches one, and no exception of a library leaves."""

from __future__ import annotations

import errno
import os

from aixplain.v2._flow import TransportClosed, TransportFailure, TransportRejected, TransportTimeout
from aixplain.v2._http.options import Options
from aixplain.v2._http.routes import Route


def name_of(route: Route) -> str:
    """The origin that a request goes to."""
    host = f"[{route.place.host}]" if ":" in route.place.host else route.place.host
    usual = route.place.port == (443 if route.secure else 80)
    return f"{'https' if route.secure else 'http'}://{host}{'' if usual else f':{route.place.port}'}"


def unreachable(route: Route, error: Exception) -> TransportFailure:
    """Nobody is there, or somebody who can't be trusted."""
    by = f" by the proxy {route.proxy.host}:{route.proxy.port}" if route.proxy else ""
    hint = " (SSL_CERT_FILE names an authority of your own)" if "certificate" in str(error) else ""
    return TransportFailure(f"{name_of(route)} can't be reached{by}: {reason(error)}{hint}", sent=False)


def not_connected_in_time(route: Route, seconds: float | None) -> TransportTimeout:
    """The connection did not come about."""
    return TransportTimeout(f"{name_of(route)} took no connection within {seconds:g} seconds (connect_timeout)", sent=False)


def silent(route: Route, options: Options) -> TransportTimeout:
    """Nothing came for a while."""
    return TransportTimeout(f"{name_of(route)} said nothing for {options.read_timeout:g} seconds (read_timeout)")


def late(route: Route) -> TransportTimeout:
    """The time that the request was given is up."""
    return TransportTimeout(f"{name_of(route)} did not answer in time")


def broken(route: Route, error: Exception) -> TransportFailure:
    """The connection broke once the request was on its way."""
    return TransportFailure(f"{name_of(route)} broke the connection: {reason(error)}")


def closed(route: Route) -> TransportClosed:
    """The client was closed meanwhile."""
    return TransportClosed(f"This client was closed while a request to {name_of(route)} was under way")


def inherited() -> TransportFailure:
    """Two processes that read one answer would each get half of it."""
    return TransportFailure("This stream was opened before the process forked, and belongs to the parent")


def is_out_of_files(error: BaseException) -> bool:
    """Whether the process, or the system, can't open any more files."""
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)


def rejected(route: Route, error: Exception) -> TransportRejected:
    """The response is too large, or can't be decoded."""
    return TransportRejected(f"The answer of {name_of(route)} is rejected: {reason(error)}")


def out_of_files(route: Route) -> TransportFailure:
    """No connection can be made, since each is an open file."""
    return TransportFailure(
        f"{name_of(route)} can't be reached: this process has as many open files as it may. "
        "Raise its limit (ulimit -n), or have fewer runs at once",
        sent=False,
    )


def no_free_connection(route: Route) -> TransportTimeout:
    """All connections were in use until the time was up."""
    return TransportTimeout(
        f"{name_of(route)} was not asked in time: all connections of this client were in use (max_connections)", sent=False
    )


def words_of(code: int) -> str:
    """The system's words for an error number."""
    return os.strerror(code)


def reason(error: Exception) -> str:
    """The system's words, without its numbers."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)  # asyncio has words of its own
    return (error.strerror if isinstance(error, OSError) and error.strerror else None) or str(error) or type(error).__name__
