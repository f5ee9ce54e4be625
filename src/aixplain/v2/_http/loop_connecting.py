"""Connect on asyncio: look names up in threads of their own, and try several addresses (Happy Eyeballs, RFC 8305)."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from aixplain.v2._http.resolver import Address, addresses_at_hand, in_order, look_up
from aixplain.v2._http.routes import Place
from aixplain.v2._http.wires import ATTEMPT_DELAY


async def connect(place: Place) -> socket.socket:
    """Return a socket that is connected to the first address of a place that answers. Raises `OSError`."""
    addresses = addresses_at_hand(place.host, place.port)
    if addresses is None:
        addresses = await _looked_up(place)
    if not addresses:
        raise OSError(f"the name {place.host} has no address")
    if len(addresses) == 1:
        return await _attempt(addresses[0])
    return await _first_connected(in_order(addresses))


async def _looked_up(place: Place) -> list[Address]:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    lookup = look_up(place.host, place.port)

    def notify() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(done.set)

    lookup.notify(notify)
    await done.wait()
    return lookup.result()


async def _first_connected(addresses: list[Address]) -> socket.socket:
    """The first attempt that is connected; one begins when the one before failed, or has taken a while."""
    running: set[asyncio.Task[socket.socket]] = set()
    failure: BaseException = OSError("no address answered")
    try:
        while addresses or running:
            if addresses:
                running.add(asyncio.create_task(_attempt(addresses.pop(0))))
            delay = ATTEMPT_DELAY if addresses else None
            done, running = await asyncio.wait(running, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                if attempt.exception() is None:
                    connected, running = attempt.result(), running | (done - {attempt})
                    return connected
                failure = attempt.exception() or failure
    finally:
        await _close(running)
    raise failure


async def _close(attempts: set[asyncio.Task[socket.socket]]) -> None:
    """End those that lost."""
    for attempt in attempts:
        attempt.cancel()
    for found in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(found, socket.socket):
            found.close()


async def _attempt(address: Address) -> socket.socket:
    family, kind, protocol, _, where = address
    connecting = socket.socket(family, kind, protocol)
    try:
        connecting.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connecting, where)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connecting.close()
        raise
    return connecting
