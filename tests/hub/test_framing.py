"""Where a request ends is what RFC 9112 says: no header makes the hub and a proxy in front of it read it differently."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aixplain.hub import Hub, Settings

from .conftest import Caller, wait_for

RUN = b"POST /api/v2/execute/acme/say HTTP/1.1\r\nhost: localhost\r\n"
BODY = b'{"text":"hello"}'
SIZED = b"content-length: %d\r\n" % len(BODY)
CHUNKED = b"transfer-encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
#: What clients offer: curl and Java's HttpClient, browsers, old proxies.
OFFERS = {
    "h2c": b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
    "websocket": b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
    "TLS": b"Upgrade: TLS/1.2\r\nConnection: upgrade\r\n",
    "two": b"upgrade: h2c\r\nupgrade: websocket\r\nconnection: upgrade\r\n",
}


@pytest.fixture(scope="module")
def hub(serve: Callable[..., Caller]) -> Caller:
    hub = Hub(builtin=False)

    @hub.model("acme/say")
    def say(text: str) -> str:
        return text

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        yield from text.split()

    return serve(hub)


def exchange(hub: Caller, *parts: bytes, until: bytes = b"") -> bytes:
    """All that comes back until the hub closes, or until this came."""
    answer = b""
    with socket.create_connection(hub.address, timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.02 if len(parts) > 1 else 0)
        while (not until or until not in answer) and (received := connection.recv(65536)):
            answer += received
    return answer


def statuses(answer: bytes) -> list[int]:
    """The statuses of all responses in it; none of the hub's bodies has the letters of a status line."""
    return [int(each[:3]) for each in answer.split(b"HTTP/1.1 ")[1:]]


LAST = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("framed", [(SIZED, BODY), (CHUNKED, CHUNKS)], ids=["sized", "chunked"])
def test_an_offer_to_upgrade_is_ignored_and_the_body_is_read(hub: Caller, offer: bytes, framed: tuple[bytes, bytes]) -> None:
    request = RUN + offer + framed[0] + b"\r\n" + framed[1]
    answer = exchange(hub, request + request + LAST)
    assert statuses(answer) == [200, 200, 200]
    assert answer.count(b'"data":"hello"') == 2


def test_an_offer_to_upgrade_may_come_in_any_number_of_packets(hub: Caller) -> None:
    request = RUN + OFFERS["h2c"] + SIZED + b"\r\n" + BODY + LAST
    for at in (20, 70, 150, len(request) - len(LAST) - 5):
        assert statuses(exchange(hub, request[:at], request[at:])) == [200, 200]


def test_what_is_in_a_body_behind_an_offer_is_no_request(hub: Caller) -> None:
    hidden = ALIVE * 3
    head = RUN + OFFERS["h2c"] + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(hidden)
    assert statuses(exchange(hub, head + hidden)) == [400]


def test_an_offer_with_expect_is_told_to_continue(hub: Caller) -> None:
    head = RUN + OFFERS["h2c"] + SIZED + b"expect: 100-continue\r\n\r\n"
    assert statuses(exchange(hub, head, BODY + LAST)) == [100, 200, 200]


def test_who_expects_to_continue_and_is_refused_finds_the_connection_closed(hub: Caller) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n" + SIZED + b"\r\n"
    answer = exchange(hub, head)
    assert statuses(answer) == [404]
    assert b"connection: close" in answer


def test_connect_is_refused_and_nothing_behind_it_is_read(hub: Caller) -> None:
    answer = exchange(hub, b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n" + ALIVE)
    assert statuses(answer) == [405]
    assert b"not a proxy" in answer


DOUBTFUL = {
    "length and chunks": SIZED + CHUNKED + b"\r\n" + CHUNKS,
    "two lengths": SIZED + SIZED + b"\r\n" + BODY,
    "a list of lengths": b"content-length: 16, 16\r\n\r\n" + BODY,
    "a signed length": b"content-length: +16\r\n\r\n" + BODY,
    "a folded header": b"x: a\r\n b\r\n" + SIZED + b"\r\n" + BODY,
    "a bare line feed": b"x: a\n" + SIZED + b"\r\n" + BODY,
    "a bare carriage return": b"x: a\rcontent-length: 0\r\n" + SIZED + b"\r\n" + BODY,
    "a space before the colon": b"content-length : 16\r\n\r\n" + BODY,
    "NUL in a header": b"x: a\0b\r\n" + SIZED + b"\r\n" + BODY,
    "chunked and not last": b"transfer-encoding: chunked, identity\r\n\r\n" + CHUNKS,
    "a size of a chunk in C": CHUNKED + b"\r\n0x10\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk that is longer": CHUNKED + b"\r\n5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a size that overflows": CHUNKED + b"\r\n10000000000000010\r\n" + BODY + b"\r\n0\r\n\r\n",
    "two hosts": b"host: elsewhere\r\n" + SIZED + b"\r\n" + BODY,
}


@pytest.mark.parametrize("rest", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_may_be_read_in_two_ways_is_refused_and_the_connection_closed(hub: Caller, rest: bytes) -> None:
    assert statuses(exchange(hub, RUN + rest + ALIVE))[0] in (400, 501)
    assert len(statuses(exchange(hub, RUN + rest + ALIVE))) == 1


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"identity", b"xchunked"])
def test_another_coding_than_chunked_is_a_501(hub: Caller, coding: bytes) -> None:
    assert statuses(exchange(hub, RUN + b"transfer-encoding: " + coding + b"\r\n\r\n" + CHUNKS + ALIVE)) == [501]


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9"])
def test_another_version_is_a_505(hub: Caller, version: bytes) -> None:
    assert statuses(exchange(hub, b"GET /healthz " + version + b"\r\nhost: localhost\r\n\r\n")) == [505]


def test_trailers_are_no_headers(hub: Caller) -> None:
    request = RUN + CHUNKED + b"\r\n" + CHUNKS[:-2] + b"x-request-id: trailer\r\nupgrade: h2c\r\n\r\n"
    answer = exchange(hub, request + LAST)
    assert statuses(answer) == [200, 200]
    assert b"x-request-id: trailer" not in answer


@pytest.mark.parametrize(
    "endless", [b"1;" + b"x" * 100_000, b"1\r\n{\r\n0\r\nx: " + b"x" * 100_000], ids=["extension", "trailer"]
)
def test_what_comes_with_the_chunks_is_bounded(hub: Caller, endless: bytes) -> None:
    assert statuses(exchange(hub, RUN + CHUNKED + b"\r\n", endless, endless)) == [431]


def test_spaces_around_a_value_are_not_part_of_it(hub: Caller) -> None:
    answer = exchange(
        hub, b"GET /healthz HTTP/1.1\r\nhost: localhost \t\r\nx-request-id: \t one\t \r\nconnection: close\r\n\r\n"
    )
    assert b"x-request-id: one\r\n" in answer


def test_what_cannot_be_read_is_refused_after_the_requests_before_it(hub: Caller) -> None:
    run = RUN + SIZED + b"\r\n" + BODY
    assert statuses(exchange(hub, run + ALIVE + b"nonsense\r\n\r\n")) == [200, 200, 400]


def test_requests_in_one_packet_are_answered_in_their_order(hub: Caller) -> None:
    requests = [b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-request-id: %d\r\n\r\n" % number for number in range(500)]
    answer = exchange(hub, b"".join(requests) + LAST)
    assert statuses(answer) == [200] * 501
    told = [line for line in answer.split(b"\r\n") if line.startswith(b"x-request-id: ")]
    assert told[:-1] == [b"x-request-id: %d" % number for number in range(500)]


def test_who_sends_requests_and_reads_nothing_is_not_read_either(hub: Caller) -> None:
    with socket.create_connection(hub.address, timeout=20) as connection:
        connection.setblocking(False)
        assert wait_for(lambda: _is_full(connection))
        connection.settimeout(20)
        answer = b""
        while len(statuses(answer)) < 100:
            answer += connection.recv(65536)
    assert set(statuses(answer)) == {200}


def _is_full(connection: socket.socket) -> bool:
    """Whether nothing more can be sent, for a while."""
    try:
        while connection.send(ALIVE * 1000):
            """On."""
    except BlockingIOError:
        time.sleep(0.5)
    try:
        return connection.send(ALIVE * 1000) == 0
    except BlockingIOError:
        return True


@pytest.mark.parametrize("model", ["say", "pieces"])
def test_http_1_0_gets_no_chunks(hub: Caller, model: str) -> None:
    body = json.dumps({"text": "one two", "stream": model == "pieces"}).encode()
    head = b"POST /api/v2/execute/acme/%b HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n" % (
        model.encode(),
        len(body),
    )
    answer = exchange(hub, head + body)
    head, _, content = answer.partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert content.startswith(b'data: {"data":"one"}\n\n' if model == "pieces" else b"{")


def test_a_body_that_drips_is_ended(serve: Callable[..., Caller]) -> None:
    hub = serve(Hub(builtin=False, settings=Settings(body_timeout=0.5, body_rate=1000)))
    answer = b""
    with socket.create_connection(hub.address, timeout=20) as connection:
        connection.sendall(RUN + b"content-length: 1000\r\n\r\n")
        connection.settimeout(0.1)
        for _ in range(200):
            connection.sendall(b" ")
            try:
                answer = connection.recv(65536)
                break
            except TimeoutError:
                """Another byte."""
    assert b"408" in answer
    assert b"more slowly than 1000 bytes a second" in answer


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed (Debian: curl)")
@pytest.mark.parametrize("more", [[], ["-H", "transfer-encoding: chunked"], ["-H", "expect: 100-continue"]], ids=str)
def test_curl_that_prefers_http2_is_answered(hub: Caller, more: list[str]) -> None:
    command = ["curl", "-sS", "--http2", "-m", "20", *more, "--data-binary", "@-", f"{hub.url}/api/v2/execute/acme/say"]
    answer = subprocess.run(command, input=BODY, capture_output=True, check=True)
    assert json.loads(answer.stdout)["data"] == "hello"


PROXY = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {hub};
      {more}
    }}
  }}
}}
"""


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed (Debian: nginx-light)")
@pytest.mark.parametrize(
    "more",
    ["", "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"],
    ids=["as it is", "for websockets"],
)
def test_nginx_in_front_changes_nothing(hub: Caller, tmp_path: Path, more: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "nginx.conf").write_text(PROXY.format(folder=tmp_path, port=port, hub=hub.url, more=more))
    proxy = subprocess.Popen(["nginx", "-c", tmp_path / "nginx.conf", "-p", tmp_path], stderr=subprocess.DEVNULL)
    try:
        caller = Caller(f"http://127.0.0.1:{port}")
        assert wait_for(lambda: _listens(port))
        for offer in ({}, {"connection": "upgrade", "upgrade": "h2c"}, {"connection": "upgrade", "upgrade": "websocket"}):
            answer = caller.send("POST", "/api/v2/execute/acme/say", BODY, offer)
            assert (answer.status, answer.json["data"]) == (200, "hello")
            stream = caller.send("POST", "/api/v2/execute/acme/pieces", b'{"text": "one two", "stream": true}', offer)
            assert stream.events[-1] == "[DONE]"
    finally:
        proxy.terminate()
        proxy.wait(20)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
