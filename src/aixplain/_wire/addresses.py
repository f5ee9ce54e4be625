"""Which IP addresses are public: one table, for addresses that a service or a caller names, in the SDK and in the hub.

It is written out after IANA's registries of special-purpose addresses. `ipaddress.is_global` answers differently from one
release of Python to the next, and knows nothing of addresses that stand for other ones.
"""

from __future__ import annotations

import functools
import re
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    Networks = tuple[tuple[IPv4Network | IPv6Network, "Reach"], ...]


class Reach(IntEnum):
    """How far inside a network an address is."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    NEVER = 3
    """None of a host, or one that hands out the credentials of a cloud."""


_NEVER = (
    "0.0.0.0/8",  # "this network"; some systems take 0.0.0.0 for the machine itself
    "100.100.100.200/32",  # credentials: Alibaba Cloud
    "168.63.129.16/32",  # Azure's own
    "169.254.0.0/16",  # link-local, with the credentials of most clouds
    "192.0.0.0/24",  # protocol assignments, with the credentials of Oracle Cloud
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # relays of 6to4
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
    "::/96",  # unspecified, and IPv4-compatible
    "64:ff9b:1::/48",  # NAT64 of a network's own: it leads wherever that network wants
    "100::/64",  # discarded
    "100:0:0:1::/64",
    "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4: leads to an address of IPv4
    "3fff::/20",
    "5f00::/16",  # segment routing
    "fd00:ec2::/32",  # credentials: AWS
    "fd20:ce::/32",  # credentials: Google Cloud
    "fe80::/10",  # link-local
    "fec0::/10",  # site-local
    "ff00::/8",  # multicast
)
_PRIVATE = (
    "10.0.0.0/8",
    "100.64.0.0/10",  # carriers
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarking
    "fc00::/7",
)
_LOOPBACK = ("127.0.0.0/8", "::1/128")
#: Addresses of IPv4 inside of IPv6: mapped, translated, and of NAT64. They are what they stand for.
_TRANSLATED = ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
#: All of IPv6 that is given out.
_GLOBAL = "2000::/3"
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+", re.ASCII)


def reach_of_address(address: str) -> Reach:
    """How far inside an IP address is. Raises ValueError for what is none.

    >>> [reach_of_address(each).name for each in ("9.9.9.9", "10.1.2.3", "::1", "169.254.169.254", "::ffff:127.0.0.1")]
    ['PUBLIC', 'PRIVATE', 'LOOPBACK', 'NEVER', 'LOOPBACK']
    """
    from ipaddress import IPv6Address, ip_address  # slow to import, and seldom needed

    return _reach(_inner(found) or found if isinstance(found := ip_address(address.partition("%")[0]), IPv6Address) else found)


def is_public(address: str) -> bool:
    """Whether an IP address is one that everyone reaches. Raises ValueError for what is none."""
    return reach_of_address(address) is Reach.PUBLIC


def literal_address(host: str) -> str | None:
    """The IP address that a host is written as, also in the short, octal and hexadecimal forms that systems take; None for a
    name.

    >>> literal_address("0x7f.1"), literal_address("2130706433"), literal_address("127.0.0.1."), literal_address("a.example")
    ('127.0.0.1', '127.0.0.1', '127.0.0.1', None)
    """
    from ipaddress import IPv4Address, ip_address

    try:
        return str(ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        pass
    parts = host.removesuffix(".").split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        *first, last = [_number(part) for part in parts]
    except ValueError:
        return None
    if any(each > 255 for each in first) or last >= 256 ** (4 - len(first)):
        return None
    return str(IPv4Address(sum(each << (8 * (3 - place)) for place, each in enumerate(first)) + last))


def _number(text: str) -> int:
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") else int(text)


def _reach(address: IPv4Address | IPv6Address) -> Reach:
    found = next((reach for network, reach in _table() if address in network), None)
    if found is not None:
        return found
    return Reach.PUBLIC if address.version == 4 or address in _network(_GLOBAL) else Reach.NEVER


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The address of IPv4 that this one stands for."""
    from ipaddress import IPv4Address

    if any(address in _network(each) for each in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@functools.cache
def _table() -> Networks:
    """Networks with how far inside they are; the first that holds an address counts."""
    of = {Reach.LOOPBACK: _LOOPBACK, Reach.NEVER: _NEVER, Reach.PRIVATE: _PRIVATE}
    return tuple((_network(each), reach) for reach, networks in of.items() for each in networks)


@functools.cache
def _network(text: str) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    return ip_network(text)
