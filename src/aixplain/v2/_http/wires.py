"""A connected socket, plain or secure: reads and writes that wait for a given time and no longer."""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer
from aixplain.v2._http.options import PIECE, Options
from aixplain.v2._http.pins import pinned
from aixplain.v2._http.routes import Place, Route, tunnel_request

if TYPE_CHECKING:
    import ssl

#: Seconds that a read may overrun its time, so that the system isn't told a new time before each.
HICCUP = 0.002


class Wire(Protocol):
    """What a connection reads from and writes to."""

    @property
    def socket(self) -> socket.socket:
        """The socket itself."""
        ...

    def receive(self, seconds: float) -> bytes | None:
        """What arrives; b"" at the end, None when nothing did in this time, or in less."""
        ...

    def send(self, data: memoryview | bytes, seconds: float) -> int:
        """Send, and say how much was taken, which may be nothing."""
        ...

    def has_news(self) -> bool:
        """Whether something can be read now: on an idle connection, its end."""
        ...


class PlainWire:
    """The system itself bounds the waits, which is one call less than to wait and then to read."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        connected.setblocking(True)
        self._bound = 0.0
        self._poll = _poller(connected, select.POLLIN) if sys.platform != "win32" else None

    def receive(self, seconds: float) -> bytes | None:
        self._bind(seconds)
        try:
            return self.socket.recv(PIECE)
        except BlockingIOError:
            return None

    def send(self, data: memoryview | bytes, seconds: float) -> int:
        self._bind(seconds)
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0

    def has_news(self) -> bool:
        return _can_be_read(self.socket) if self._poll is None else bool(self._poll(0))

    def _bind(self, seconds: float) -> None:
        """No call of the system waits longer; one that waits less is made again."""
        if 0 < self._bound <= seconds + HICCUP and (self._bound >= 1 or seconds < 1):
            return
        self._bound = seconds
        for each in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.socket.setsockopt(socket.SOL_SOCKET, each, _as_time(seconds))


class SecureWire:
    """Under TLS, whose library may hold bytes that the socket has given already."""

    def __init__(self, connected: ssl.SSLSocket) -> None:
        import ssl  # loaded by whoever made the connection secure

        self.socket = connected
        connected.setblocking(False)
        self._not_now = (ssl.SSLWantReadError, ssl.SSLWantWriteError)

    def receive(self, seconds: float) -> bytes | None:
        if not self.socket.pending() and not _can_be_read(self.socket, seconds):
            return None
        try:
            return self.socket.recv(PIECE)
        except self._not_now:
            return None

    def send(self, data: memoryview | bytes, seconds: float) -> int:
        try:
            return self.socket.send(data)
        except self._not_now:
            _can_be_written(self.socket, seconds)
            return 0

    def has_news(self) -> bool:
        return self.socket.pending() > 0 or _can_be_read(self.socket)


def _as_time(seconds: float) -> bytes:
    """A time as the system's calls want it."""
    if sys.platform == "win32":
        return struct.pack("@L", max(1, int(seconds * 1000)))
    return struct.pack("@ll", int(seconds), max(1, int(seconds % 1 * 1_000_000)))


def _poller(connected: socket.socket, event: int) -> Any:
    poll = select.poll()
    poll.register(connected, event)
    return poll.poll


def _can_be_read(connected: socket.socket, seconds: float = 0.0) -> bool:
    if sys.platform == "win32":
        return bool(select.select([connected], [], [], seconds)[0])
    return bool(_poller(connected, select.POLLIN)(seconds * 1000))


def _can_be_written(connected: socket.socket, seconds: float) -> bool:
    if sys.platform == "win32":
        return bool(select.select([], [connected], [], seconds)[1])
    return bool(_poller(connected, select.POLLOUT)(seconds * 1000))


# --- Connecting -----------------------------------------------------------------------------------


def connect(route: Route, options: Options, until: float, secure: Callable[[], ssl.SSLContext]) -> Wire:
    """A connection on this way, within both times. Raises `TransportFailure`."""
    limit = min(until, time.monotonic() + options.connect_timeout)
    try:
        plain = _reach(route.first, limit)
        try:
            return _prepared(plain, route, limit, secure)
        except BaseException:
            plain.close()
            raise
    except TimeoutError as error:
        if time.monotonic() >= until:
            raise failures.late(route) from error
        raise failures.not_connected_in_time(route, options.connect_timeout) from error
    except (OSError, BrokenAnswer) as error:
        raise failures.unreachable(route, error) from error


def _reach(place: Place, limit: float) -> socket.socket:
    """The first of the place's addresses that answers."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in _addresses(place, limit):
        connecting = socket.socket(family, kind, protocol)
        try:
            connecting.settimeout(_left(limit))
            connecting.connect(address)
        except BaseException as error:
            connecting.close()
            if not isinstance(error, OSError):
                raise
            failure = error
            continue
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connecting
    raise failure or OSError(f"the name {place.host} has no address")


def _addresses(place: Place, limit: float) -> list[Any]:
    """The addresses of a host. A name is looked up in a thread, because a look-up can't be told how long it may take."""
    if checked := pinned(place.host):
        return [found for each in checked for found in socket.getaddrinfo(each, place.port, type=socket.SOCK_STREAM)]
    if place.host[-1:].isdigit() or ":" in place.host or place.host == "localhost":
        return socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM))
        except OSError as error:
            found.append(error)

    looking = threading.Thread(target=look_up, daemon=True)
    looking.start()
    looking.join(_left(limit))
    if not found:
        raise TimeoutError
    if isinstance(found[0], OSError):
        raise found[0]
    return found


def _left(limit: float) -> float:
    left = limit - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _prepared(plain: socket.socket, route: Route, limit: float, secure: Callable[[], ssl.SSLContext]) -> Wire:
    if route.tunnels:
        _open_tunnel(plain, route, limit)
    if not route.secure:
        return PlainWire(plain)
    plain.settimeout(_left(limit))
    return SecureWire(secure().wrap_socket(plain, server_hostname=route.place.host))


def _open_tunnel(plain: socket.socket, route: Route, limit: float) -> None:
    plain.settimeout(_left(limit))
    plain.sendall(tunnel_request(route))
    answers = Answers()
    answers.begin("CONNECT")
    while not answers.status:
        plain.settimeout(_left(limit))
        answers.feed(plain.recv(PIECE) or b"\r\n")
    if answers.status >= 300:
        raise BrokenAnswer(f"the proxy answered {answers.status} to a request for a tunnel")
