"""Look up host names in threads of their own: a lookup can't be told how long it may take, and may hang for minutes.

Lookups of the same name that are in progress are shared, so that a name server that is silent costs one thread a name.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from aixplain.v2._http.pins import pinned

#: What `socket.getaddrinfo` gives: family, kind, protocol, canonical name, address.
Address = tuple[Any, ...]


class Lookup:
    """The lookup of one name, which several callers may wait for."""

    def __init__(self, host: str, port: int) -> None:
        self._key = host, port
        self.began = time.monotonic()
        self._is_done = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._addresses: list[Address] = []
        self._error: OSError | None = None

    def run(self) -> None:
        """Look up, and notify those who wait."""
        try:
            self._addresses = socket.getaddrinfo(*self._key, type=socket.SOCK_STREAM)
        except ValueError as error:  # what IDNA refuses, or a null character
            self._error = OSError(f"{self._key[0]!r} is not a host name ({error})")
        except OSError as error:
            self._error = error
        with _lock:
            if _running.get(self._key) is self:
                del _running[self._key]
            callbacks = list(self._callbacks)
            self._is_done.set()
        for callback in callbacks:
            callback()

    def wait(self, seconds: float) -> list[Address]:
        """Wait for the addresses. Raises `OSError`; `TimeoutError` when they don't come in this time."""
        if not self._is_done.wait(seconds):
            raise TimeoutError
        return self.result()

    def notify(self, callback: Callable[[], None]) -> None:
        """Call from another thread once it is done; now, when it is."""
        with _lock:
            if not self._is_done.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def result(self) -> list[Address]:
        """The addresses. Raises `OSError`."""
        if self._error is not None:
            raise self._error
        return self._addresses


_running: dict[tuple[str, int], Lookup] = {}
_lock = threading.Lock()
#: Seconds for which a lookup that is in progress is joined: one that hangs for longer may have been sent in vain.
JOINED_FOR = 10.0


def _begin_child() -> None:
    """A forked child has none of the threads of its parent, and a lock that one of them held."""
    global _lock
    _lock = threading.Lock()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)


def addresses_at_hand(host: str, port: int) -> list[Address] | None:
    """Return the addresses that need no lookup: of a number, of this machine, and those that a name is pinned to; else None."""
    if checked := pinned(host):
        return [found for each in checked for found in socket.getaddrinfo(each, port, type=socket.SOCK_STREAM)]
    if host == "localhost" or _is_number(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return None


def _is_number(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True


def look_up(host: str, port: int) -> Lookup:
    """Start a lookup, or join one that is in progress."""
    with _lock:
        lookup = _running.get((host, port))
        if lookup is None or time.monotonic() - lookup.began > JOINED_FOR:
            lookup = _running[host, port] = Lookup(host, port)
            threading.Thread(target=lookup.run, name="aixplain-lookup", daemon=True).start()
    return lookup


def in_order(addresses: list[Address]) -> list[Address]:
    """Return the addresses with their families in turn, the first one's first (RFC 8305, section 4)."""
    first = [each for each in addresses if each[0] == addresses[0][0]]
    others = [each for each in addresses if each[0] != addresses[0][0]]
    ordered = []
    while first or others:
        ordered += [first.pop(0)] if first else []
        ordered += [others.pop(0)] if others else []
    return ordered
