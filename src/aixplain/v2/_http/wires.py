"""A connected socket, plain or under TLS: reads and writes that wait for a given time and no longer.

Waits are bounded by Python's timeouts and by `poll`, which Python repeats with the time that is left when a signal interrupts
them. A blocking read with the system's own timeout (SO_RCVTIMEO) starts that timeout again after each signal, and a program
with a periodic signal would wait forever.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from aixplain.v2._http import failures
from aixplain.v2._http.answers import Answers, BrokenAnswer
from aixplain.v2._http.options import PIECE, Options
from aixplain.v2._http.resolver import Address, addresses_at_hand, in_order, look_up
from aixplain.v2._http.routes import Place, Route, tunnel_request

if TYPE_CHECKING:
    import ssl

#: Seconds between two attempts to connect to addresses of the same name (RFC 8305, section 5).
ATTEMPT_DELAY = 0.25
#: Seconds that a read may overrun its time, so that a socket isn't given a new timeout before each.
TIMEOUT_TOLERANCE = 0.002


class Wire(Protocol):
    """What a connection reads from and writes to."""

    @property
    def socket(self) -> socket.socket:
        """The socket itself."""
        ...

    def receive(self, seconds: float) -> bytes | None:
        """What arrives; b"" at the end, None when nothing did in this time, or in less."""
        ...

    def send(self, data: memoryview | bytes) -> int:
        """Send what can be sent now, and say how much that is, which may be nothing."""
        ...

    def wait_to_send(self, seconds: float) -> bool:
        """Wait until more can be sent, or something arrives; True when something did."""
        ...

    def has_news(self) -> bool:
        """Whether something can be read now: on an idle connection, its end."""
        ...


class PlainWire:
    """A socket without TLS. Python's own timeout bounds its reads, and holds it under signals; setting one costs a call."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        connected.setblocking(False)
        self._poll = _poller(connected)
        self._timeout = 0.0

    def receive(self, seconds: float) -> bytes | None:
        timeout = self._timeout
        if not (0 < timeout <= seconds + TIMEOUT_TOLERANCE and (timeout >= 1 or seconds < 1)):  # one that is near will do
            self._timeout = seconds
            self.socket.settimeout(seconds)
        try:
            return self.socket.recv(PIECE)
        except (TimeoutError, BlockingIOError):
            return None

    def send(self, data: memoryview | bytes) -> int:
        try:
            if sys.platform == "win32":
                self._timeout = 0.0
                self.socket.setblocking(False)
                return self.socket.send(data)
            # A socket with a timeout would first wait for room, with a call of its own.
            return os.write(self.socket.fileno(), data)
        except BlockingIOError:
            return 0

    def wait_to_send(self, seconds: float) -> bool:
        return wait_for_either(self.socket, seconds)

    def has_news(self) -> bool:
        return bool(self._poll(0))


class SecureWire:
    """A socket under TLS, whose library may hold bytes that the socket has given already."""

    def __init__(self, connected: ssl.SSLSocket) -> None:
        import ssl  # loaded by whoever made the connection secure

        self.socket = connected
        connected.setblocking(False)
        self._is_readable = readiness(connected)
        self._not_now = (ssl.SSLWantReadError, ssl.SSLWantWriteError)

    def receive(self, seconds: float) -> bytes | None:
        if not self.socket.pending() and not self._is_readable(seconds):
            return None
        try:
            return self.socket.recv(PIECE)
        except self._not_now:
            return None

    def send(self, data: memoryview | bytes) -> int:
        try:
            return self.socket.send(data)
        except self._not_now:
            return 0

    def wait_to_send(self, seconds: float) -> bool:
        return self.socket.pending() > 0 or wait_for_either(self.socket, seconds)

    def has_news(self) -> bool:
        return self.socket.pending() > 0 or bool(self._is_readable(0))


def readiness(connected: socket.socket) -> Callable[[float], Any]:
    """Return what tells whether a socket can be read within so many seconds."""
    wait = _poller(connected)
    return lambda seconds: wait(seconds * 1000)


def _poller(connected: socket.socket) -> Callable[[float], Any]:
    """Return what waits so many milliseconds until a socket can be read, and then gives something."""
    if sys.platform == "win32":
        return lambda milliseconds: select.select([connected], [], [], milliseconds / 1000)[0]
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return poll.poll


def wait_for_either(connected: socket.socket, seconds: float) -> bool:
    """Wait until a socket can be written or read; True when it can be read."""
    if sys.platform == "win32":
        return bool(select.select([connected], [connected], [], seconds)[0])
    poll = select.poll()
    poll.register(connected, select.POLLIN | select.POLLOUT)
    return any(event & ~select.POLLOUT for _, event in poll.poll(seconds * 1000))


# --- Connecting -----------------------------------------------------------------------------------


def connect(route: Route, options: Options, until: float, secure: Callable[[], ssl.SSLContext]) -> Wire:
    """Connect on this way, within both times. Raises `TransportFailure`, and `OSError` when no more files can be opened."""
    seconds = options.connect_timeout
    limit = until if seconds is None else min(until, time.monotonic() + seconds)
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
        raise failures.not_connected_in_time(route, seconds) from error
    except (OSError, BrokenAnswer) as error:
        if failures.is_out_of_files(error):
            raise
        raise failures.unreachable(route, error) from error


def _reach(place: Place, limit: float) -> socket.socket:
    """A socket that is connected to the first address of a place that answers (Happy Eyeballs, RFC 8305)."""
    addresses = addresses_at_hand(place.host, place.port)
    if addresses is None:
        addresses = look_up(place.host, place.port).wait(_left(limit))
    if not addresses:
        raise OSError(f"the name {place.host} has no address")
    attempts = _Attempts(in_order(addresses))
    try:
        return attempts.first_connected(limit)
    finally:
        attempts.close()


class _Attempts:
    """Attempts to connect to several addresses: one begins when the one before failed, or has taken a while."""

    def __init__(self, addresses: list[Address]) -> None:
        self._addresses = addresses
        self._connecting: list[socket.socket] = []
        self._failure: OSError = OSError("no address answered")

    def first_connected(self, limit: float) -> socket.socket:
        """The first socket that is connected. Raises `OSError`; `TimeoutError` at the limit."""
        while self._addresses or self._connecting:
            if self._addresses:
                self._begin(self._addresses.pop(0))
            next_attempt = time.monotonic() + ATTEMPT_DELAY
            while self._connecting:
                until = min(limit, next_attempt) if self._addresses else limit
                for each in _writable(self._connecting, max(0.0, until - time.monotonic())):
                    if self._is_connected(each):
                        return each
                _left(limit)
                if self._addresses and (not self._connecting or time.monotonic() >= next_attempt):
                    break
        raise self._failure

    def close(self) -> None:
        """Close those that lost."""
        for each in self._connecting:
            each.close()

    def _begin(self, address: Address) -> None:
        family, kind, protocol, _, where = address
        connecting = socket.socket(family, kind, protocol)
        connecting.setblocking(False)
        try:
            connecting.connect(where)
        except BlockingIOError:
            pass  # it goes on
        except OSError as error:
            connecting.close()
            self._failure = error
            return
        self._connecting.append(connecting)

    def _is_connected(self, connecting: socket.socket) -> bool:
        self._connecting.remove(connecting)
        code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            connecting.close()
            self._failure = OSError(code, failures.words_of(code))
            return False
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True


def _writable(sockets: list[socket.socket], seconds: float) -> list[socket.socket]:
    if sys.platform == "win32":
        _, ready, failed = select.select([], sockets, sockets, seconds)
        return [*ready, *(each for each in failed if each not in ready)]
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLOUT)
    ready = {number for number, _ in poll.poll(seconds * 1000)}
    return [each for each in sockets if each.fileno() in ready]


def _left(limit: float) -> float:
    left = limit - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _prepared(plain: socket.socket, route: Route, limit: float, secure: Callable[[], ssl.SSLContext]) -> Wire:
    wire = PlainWire(plain)
    if route.tunnels:
        _open_tunnel(wire, route, limit)
    if not route.secure:
        return wire
    wrapped = secure().wrap_socket(plain, server_hostname=route.place.host, do_handshake_on_connect=False)
    try:
        _shake_hands(wrapped, limit)
        return SecureWire(wrapped)
    except BaseException:
        wrapped.close()
        raise


def _shake_hands(wrapped: ssl.SSLSocket, limit: float) -> None:
    """Each step waits for the time that is left of all of them."""
    import ssl  # loaded by whoever made the context

    while True:
        try:
            return wrapped.do_handshake()
        except ssl.SSLWantReadError:
            readiness(wrapped)(_left(limit))
        except ssl.SSLWantWriteError:
            _writable([wrapped], _left(limit))


def _open_tunnel(wire: PlainWire, route: Route, limit: float) -> None:
    request, sent = tunnel_request(route), 0
    while sent < len(request):
        sent += wire.send(request[sent:])
        if sent < len(request):
            wire.wait_to_send(_left(limit))
    answers = Answers()
    answers.begin("CONNECT")
    while not answers.status:
        data = wire.receive(_left(limit))
        if data == b"":
            raise BrokenAnswer("the proxy closed the connection in place of opening a tunnel")
        answers.feed(data or b"")
    check_tunnel(answers)


def check_tunnel(answers: Answers) -> None:
    """Check what a proxy answered to a request for a tunnel. Raises `BrokenAnswer`."""
    if not 200 <= answers.status < 300:
        hint = "; the proxy's address may need a name and a password" if answers.status == 407 else ""
        raise BrokenAnswer(f"the proxy answered {answers.status} to a request for a tunnel{hint}")
    if answers.has_surplus:
        raise BrokenAnswer("the proxy sent data before the tunnel was used")
