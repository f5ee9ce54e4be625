"""Responses as bytes: what is read, what is rejected, and how large it may be. No socket is opened."""

from __future__ import annotations

import gzip
import zlib

import pytest

from aixplain import Aixplain
from aixplain.v2._http.answers import LARGEST_HEAD, READY, Answers, BrokenAnswer, RejectedAnswer
from aixplain.v2._http.no_proxy import bypasses_proxy


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def response(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + body


def read(data: bytes, method: str = "GET", *, limit: int = 1 << 30, step: int = 1 << 20, closes: bool = False) -> bytes:
    """The content of one response that comes in packets of `step` bytes."""
    answers = Answers()
    answers.begin(method, limit)
    for start in range(0, len(data), step):
        answers.feed(data[start : start + step])
    if closes or not answers.is_whole:
        answers.end()
    return answers.take()


def read_streamed(data: bytes, step: int = 16384) -> tuple[int, int]:
    """The size of the content, and the most that was held at once."""
    answers = Answers()
    answers.begin("GET")
    size = most = 0
    for start in range(0, len(data), step):
        answers.feed(data[start : start + step])
        while answers.pieces:
            piece = answers.take()
            size, most = size + len(piece), max(most, len(piece))
    return size, most


TEXT = b"The quick brown fox. " * 500
TWO = gzip.compress(TEXT[:4000]) + gzip.compress(TEXT[4000:])


def size_of(value: object) -> str | None:
    """Name a parameter: compressed content has the time in it, and workers must agree on the names of tests."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("X-GZIP", gzip.compress(TEXT)),
        ("gzip", TWO),
        ("gzip", gzip.compress(b"") + gzip.compress(TEXT)),
        ("gzip", TWO + b"garbage"),
        ("gzip", TWO + b"\0" * 512),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("deflate", zlib.compress(TEXT) + b"garbage"),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
        ("gzip, identity", gzip.compress(TEXT)),
        ("identity", TEXT),
        ("utf-8", TEXT),
    ],
    ids=size_of,
)
def test_encoded_content_is_decoded(coding: str, body: bytes, step: int) -> None:
    assert read(response(body, f"Content-Encoding: {coding}"), step=step) == TEXT


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        ("gzip", gzip.compress(TEXT)[:-3], "cut before its end"),
        ("gzip", gzip.compress(TEXT)[:1], "cut before its end"),
        ("gzip", TWO[:-8], "cut before its end"),
        ("deflate", raw_deflate(TEXT)[:-1], "cut before its end"),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT)[:-8]), "cut before its end"),
        ("gzip", TEXT, "can't be decompressed"),
        ("gzip", gzip.compress(TEXT)[:-8] + b"\0" * 8, "can't be decompressed"),
        ("br", TEXT, "'br', which was not asked for"),
        ("zstd, gzip", gzip.compress(TEXT), "'zstd', which was not asked for"),
        (", ".join(["gzip"] * 6), TEXT, "6 times over"),
    ],
    ids=size_of,
)
def test_content_that_can_not_be_decoded_is_rejected(coding: str, body: bytes, reason: str) -> None:
    with pytest.raises(RejectedAnswer, match=reason):
        read(response(body, f"Content-Encoding: {coding}"))
    with pytest.raises(RejectedAnswer, match=reason):
        read_streamed(response(body, f"Content-Encoding: {coding}"))


def test_no_content_is_no_cut_content() -> None:
    assert read(response(b"", "Content-Encoding: gzip")) == b""
    assert read(response(b"", "Content-Encoding: gzip", length=50), "HEAD") == b""


def test_whole_content_is_bounded_after_decompression() -> None:
    assert len(read(response(TEXT), limit=len(TEXT))) == len(TEXT)
    assert len(read(response(gzip.compress(TEXT), "Content-Encoding: gzip"), limit=len(TEXT))) == len(TEXT)
    for body, coding in ((TEXT, "identity"), (gzip.compress(TEXT), "gzip"), (gzip.compress(gzip.compress(TEXT)), "gzip, gzip")):
        with pytest.raises(RejectedAnswer, match=r"larger than 10499 bytes \(max_response_bytes\)"):
            read(response(body, f"Content-Encoding: {coding}"), limit=len(TEXT) - 1)


def test_a_stream_is_longer_than_the_bound_and_is_decoded_as_it_is_taken() -> None:
    size = 40 * READY
    twice = gzip.compress(gzip.compress(b"\0" * size))
    assert len(twice) < 16384, "one packet"
    got, most = read_streamed(response(twice, "Content-Encoding: gzip, gzip"))
    assert got == size
    assert most <= READY + 65536


def test_an_error_that_a_stream_request_gets_is_bounded() -> None:
    answers = Answers()
    answers.begin("GET")
    answers.feed(response(b"", "Content-Encoding: gzip", status="500 No", length=500_000))
    answers.limit_to(1000)
    with pytest.raises(RejectedAnswer, match="max_response_bytes"):
        answers.feed(gzip.compress(b"x" * 1001))


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        OK + b"Content-Length: 2, 2\r\n\r\nhi",
        OK + b"Content-Length: 2\r\nX-Folded: a\r\n  b\r\n\r\nhi",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 Tr\xe8s bien\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;name=value\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        OK + b"Connection: close\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
        response(b"hi") + b"junk",
        response(b"hi") + response(b"another"),
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhijunk",
    ],
)
def test_odd_responses_with_one_meaning_are_read(data: bytes, step: int) -> None:
    assert read(data, step=step) == b"hi"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_responses_without_content_announce_some(status: str) -> None:
    assert read(response(b"", status=status, length=5)) == b""


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
        OK + b"Content-Length: two\r\n\r\nhi",
        OK + b"Content-Length: 5\r\n\r\nhi",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhi\r\n0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 2",
        b"",
    ],
)
def test_what_is_no_whole_response_is_an_error(data: bytes) -> None:
    for step in (1, 1 << 20):
        with pytest.raises(BrokenAnswer):
            read(data, step=step)


def test_what_is_not_http_is_told_without_waiting_for_more() -> None:
    answers = Answers()
    with pytest.raises(BrokenAnswer):
        answers.feed(b"SSH-2.0-OpenSSH_9.6\r\n")


def test_heads_and_trailers_are_bounded() -> None:
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
    for start in (OK, b"HTTP/1.1 100 Continue\r\n\r\n" + OK, chunked):
        with pytest.raises(RejectedAnswer, match=f"larger than {LARGEST_HEAD} bytes"):
            read(start + b"x-long: 123456789\r\n" * 20_000, step=16384)


@pytest.mark.parametrize("behind", [b"junk", response(b"another"), b"\r\nx"])
def test_bytes_behind_a_response_cost_the_connection_alone(behind: bytes) -> None:
    answers = Answers()
    answers.begin("GET")
    answers.feed(response(b"hi"))
    assert answers.leaves_connection_usable
    answers.feed(behind)
    assert answers.take() == b"hi"
    assert not answers.leaves_connection_usable


def test_many_small_chunks_take_little_more_than_their_size() -> None:
    answers = Answers()
    answers.begin("GET")
    answers.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n")
    assert len(answers.pieces) < 1000
    assert answers.take() == b"x" * 100_000


def test_the_setting_bounds_responses_and_not_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Aixplain("a-key", "http://127.0.0.1:1", max_response_bytes=1000)._options()
    assert (made.max_response_bytes, made.max_connections) == (1000, None)
    monkeypatch.setenv("AIXPLAIN_MAX_RESPONSE_BYTES", "2000")
    assert Aixplain("a-key", "http://127.0.0.1:1")._options().max_response_bytes == 2000


# --- NO_PROXY -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("api.example.com", "example.com", True),
        ("api.example.com", ".example.com", True),
        ("api.example.com", "*.example.com", True),
        ("API.Example.com", " other.test , EXAMPLE.COM ", True),
        ("example.com.", "example.com", True),
        ("api.example.com", "*", True),
        ("api.example.com", "example.com:443", True),
        ("api.example.com", "example.com:80", False),
        ("badexample.com", "example.com", False),
        ("192.0.2.7", "192.0.2.0/24", True),
        ("192.0.2.7", "192.0.2.7:443", True),
        ("192.0.3.7", "192.0.2.0/24", False),
        ("192.0.2.7", "example.com,2.7", False),
        ("2001:db8::1", "[2001:db8::1]", True),
        ("2001:db8::1", "2001:DB8::/32", True),
        ("2001:db8::1", "[2001:db8::1]:443", True),
        ("2001:db8::1", "[2001:db8::1]:80", False),
        ("2001:db8::1", "2001:db8:0:0:0:0:0:1", True),
        ("api.example.com", ", ,", False),
        ("127.8.9.1", "", True),
        ("::1", "", True),
    ],
)
def test_no_proxy_names_hosts_addresses_and_networks(host: str, no_proxy: str, direct: bool) -> None:
    assert bypasses_proxy(host, 443, no_proxy) is direct
