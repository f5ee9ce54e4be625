"""Posts to addresses that callers named, and only to those that are everyone's.

A caller could name an address that only this machine reaches: a neighbour's, a cloud's own, its own. So a name is looked
up here, what it stands for is looked at, and the connection goes to that very address. A redirect is an answer like
others, and not followed.
"""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from urllib.parse import SplitResult, urlsplit

from aixplain._wire.addresses import Reach, literal_address, reach_of_address

SECONDS = 15.0
#: How long an address may take to connect, of a name that has another one.
CONNECT_SECONDS = 3.0
LONGEST = 2048
_PORTS = {"https": 443, "http": 80}


class CannotSend(Exception):
    """What kept a post from being answered, in a few words."""


def problem_with(url: str, *, private: bool) -> str | None:
    """Why this can't be an address that is posted to, as a sentence; None when it can. `private` ones are allowed or not."""
    parts = _parts(url)
    if parts is None:
        return "It is an address like https://example.com/hook, in ASCII, without a user and a password."
    if parts.scheme != "https" and not private:
        return "It must begin with https://: what is told there is for nobody else."
    host = parts.hostname or ""
    address = "127.0.0.1" if _is_localhost(host) else literal_address(host)
    if address is not None and reach_of_address(address) is Reach.NEVER:
        return "It is an address of no host, or of a cloud's own services, which are never told anything."
    if address is not None and not _may_reach(address, private=private):
        return "It is an address that not everyone reaches, and this hub's settings don't allow those (private_webhooks)."
    return None


async def post(url: str, headers: dict[str, str], body: bytes, *, private: bool) -> int:
    """The status that a post is answered with. Raises `CannotSend`."""
    parts = _parts(url)
    if parts is None or problem_with(url, private=private) is not None:
        raise CannotSend("the address can't be used")
    try:
        async with asyncio.timeout(SECONDS):
            addresses = await _addresses(parts, private=private)
            return await _exchange(parts, addresses, _request(parts, headers, body))
    except TimeoutError as error:
        raise CannotSend(f"no answer in {SECONDS:g} seconds") from error
    except ssl.SSLError as error:
        raise CannotSend(f"the certificate was refused, or the encryption: {error.reason}") from error
    except OSError as error:
        raise CannotSend(error.strerror or str(error)) from error
    except (EOFError, ValueError, IndexError) as error:
        raise CannotSend("the answer is no HTTP") from error


def _parts(url: str) -> SplitResult | None:
    if len(url) > LONGEST or re.fullmatch(r"[!-~]+", url) is None:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        return None
    return parts if usable and "\\" not in parts.netloc else None


def _is_localhost(host: str) -> bool:
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def _may_reach(address: str, *, private: bool) -> bool:
    """Whether an IP address may be posted to. Those that hand out the credentials of a cloud, or are none of a host, never."""
    return reach_of_address(address) <= (Reach.LOOPBACK if private else Reach.PUBLIC)


async def _addresses(parts: SplitResult, *, private: bool) -> list[tuple[str, int]]:
    """The addresses that the name stands for now, with the port. Raises `CannotSend` when none of them is everyone's."""
    port = parts.port or _PORTS[parts.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=1)
    hosts = [str(address[0]) for *_, address in found]
    usable = [host for host in hosts if _may_reach(host, private=private)]
    if not usable:
        raise CannotSend("the name stands for an address that not everyone reaches, and this hub's settings don't allow those")
    return [(host, port) for host in usable]


async def _exchange(parts: SplitResult, addresses: list[tuple[str, int]], request: bytes) -> int:
    reader, writer = await _connected(parts, addresses)
    try:
        writer.write(request)
        await writer.drain()
        return await _status(reader)
    finally:
        writer.close()


async def _connected(parts: SplitResult, addresses: list[tuple[str, int]]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that takes one: a name may stand for one of IPv6 too, where only IPv4 gets through."""
    encryption, name = (_encryption(), parts.hostname) if parts.scheme == "https" else (None, None)
    for address in addresses[:-1]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(*address, ssl=encryption, server_hostname=name)
        except ssl.SSLError:
            raise
        except OSError:  # or silence: TimeoutError is one
            """The next one."""
    return await asyncio.open_connection(*addresses[-1], ssl=encryption, server_hostname=name)


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of the answer; what is provisional is read past."""
    while True:
        version, status = (await reader.readline()).split()[:2]
        if not version.startswith(b"HTTP/1.") or len(status) != 3:
            raise ValueError
        if int(status) >= 200:
            return int(status)
        while (await reader.readline()).strip():
            """A header."""


def _request(parts: SplitResult, headers: dict[str, str], body: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    told = {"host": parts.netloc, "connection": "close", "content-length": str(len(body)), **headers}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body


@functools.cache
def _encryption() -> ssl.SSLContext:
    return ssl.create_default_context()
