"""One table says which addresses are public, private, of this machine, or never asked; for the SDK and the hub."""

from __future__ import annotations

import pytest

from aixplain._wire.addresses import Reach, is_public, literal_address, reach_of_address

NEVER = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.1",
    "203.0.113.255",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::2",
    "::7f00:1",
    "::127.0.0.1",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::7f00:1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff05::1",
    "4000::1",
    "8000::1",
    "1::1",
    "::ffff:0.0.0.0",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "::ffff:0:169.254.169.254",
]
PRIVATE = [
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.1.2.3",
    "64:ff9b::a00:1",
    "::ffff:0:192.168.0.1",
]
LOOPBACK = ["127.0.0.1", "127.8.9.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1"]
PUBLIC = [
    "1.0.0.0",
    "8.8.8.8",
    "9.9.9.9",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.0.3.1",
    "192.88.98.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2001:db7::1",
    "2003::1",
    "3ffe::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        (address, reach)
        for reach, addresses in {
            Reach.NEVER: NEVER,
            Reach.PRIVATE: PRIVATE,
            Reach.LOOPBACK: LOOPBACK,
            Reach.PUBLIC: PUBLIC,
        }.items()
        for address in addresses
    ],
)
def test_how_far_inside_an_address_is(address: str, reach: Reach) -> None:
    assert reach_of_address(address) is reach
    assert is_public(address) is (reach is Reach.PUBLIC)


@pytest.mark.parametrize("text", ["", "example.com", "127.1", "1.2.3.4.5", "::g"])
def test_what_is_no_address_has_no_reach(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        reach_of_address(text)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("127.65535", "127.0.255.255"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.0.0.1", "127.0.0.1"),
        ("0X7F000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0", "0.0.0.0"),  # noqa: S104
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_read_as_systems_read_it(host: str, address: str) -> None:
    assert literal_address(host) == address


@pytest.mark.parametrize(
    "host", ["", ".", "example.com", "1.example", "256.1.1.1", "1.2.3.4.5", "4294967296", "08.1", "0xg", "1..2"]
)
def test_other_hosts_are_names(host: str) -> None:
    assert literal_address(host) is None
