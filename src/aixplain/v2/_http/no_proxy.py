"""Which hosts are reached without the proxy: this machine, and those that `NO_PROXY` lists."""

from __future__ import annotations

import re
from typing import Any

_PORT = re.compile(r"(.*[^:\]]|\[.*\]):(\d+)")


def bypasses_proxy(host: str, port: int, no_proxy: str) -> bool:
    """Whether an entry of `NO_PROXY` covers this host and port. An entry is `*`, a name, which covers its subdomains too and
    may begin with `.` or `*.`, an address, or a network such as `10.0.0.0/8`; each may end with a port.

    >>> bypasses_proxy("api.example.com", 443, "localhost, .example.com:443")
    True
    """
    host = host.lower().rstrip(".")
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_covers(entry, host, address, port) for entry in re.split(r"[,\s]+", no_proxy.lower()) if entry)


def _covers(entry: str, host: str, address: Any, port: int) -> bool:
    if entry == "*":
        return True
    if _address(entry) is None and (found := _PORT.fullmatch(entry)):  # an IPv6 address has colons, and no port then
        if int(found[2]) != port:
            return False
        entry = found[1]
    if address is not None:
        from ipaddress import ip_network  # slow to import

        try:
            network = ip_network(entry.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            return False
        return bool(network.version == address.version and address in network)
    name = entry.removeprefix("*").lstrip(".").rstrip(".")
    return bool(name) and (host == name or host.endswith("." + name))


def _address(host: str) -> Any:
    """The address that a host is; None for a name."""
    if not (host[-1:].isdigit() or ":" in host):
        return None
    from ipaddress import ip_address

    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
