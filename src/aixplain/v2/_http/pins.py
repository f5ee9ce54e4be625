"""DNS pinning: a name that was checked is connected to at the addresses that were checked, for a while.

Otherwise whoever answers for the name could give one address to the check, and another one, inside the network, to the
connection (DNS rebinding).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

#: Seconds between the check of a name and the connection, at most.
SECONDS = 30.0
MOST = 256

_pins: dict[str, tuple[float, tuple[str, ...]]] = {}


def pin(host: str, addresses: Sequence[str]) -> None:
    """Have the next connections to this name go to these addresses."""
    now = time.monotonic()
    if len(_pins) >= MOST:
        for name in [name for name, (until, _) in list(_pins.items()) if until <= now]:
            _pins.pop(name, None)
    _pins[host] = now + SECONDS, tuple(addresses)


def pinned(host: str) -> tuple[str, ...]:
    """The addresses that a name was pinned to; none when it was not, or long ago."""
    if not _pins:
        return ()
    until, addresses = _pins.get(host, (0.0, ()))
    return addresses if time.monotonic() < until else ()
