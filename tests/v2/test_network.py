"""What lies between a client and its service: certificates, proxies, and silence."""

from __future__ import annotations

import builtins
import contextlib
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from aixplain import Aixplain, ConnectionLostError, ConnectionTimeoutError, TimeoutError
from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.v2.exceptions import ConfigurationError, StreamTimeoutError

Handler = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As patient as is needed to see that something is tried again."""
    monkeypatch.setattr("aixplain.v2._send.ATTEMPTS", 2)


@contextlib.contextmanager
def served(handle: Handler) -> Iterator[int]:
    """A server that gives each connection to `handle`, in a thread of its own; its port. All end with the block."""
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def work(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            handle(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = listening.accept()[0]
                connections.append(connection.dup())  # TLS takes the other one over
                threads.append(threading.Thread(target=work, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for connection in connections:
        with connection, contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(10)


def forward(connection: socket.socket, port: int, first: bytes = b"") -> None:
    """Pass bytes between a connection and a port of this machine until one of them ends."""
    with socket.create_connection(("127.0.0.1", port)) as onward:

        def back() -> None:
            with contextlib.suppress(OSError):
                while piece := onward.recv(65536):
                    connection.sendall(piece)

        thread = threading.Thread(target=back)
        thread.start()
        with contextlib.suppress(OSError):
            onward.sendall(first)
            while piece := connection.recv(65536):
                onward.sendall(piece)
        onward.shutdown(socket.SHUT_RDWR)
        thread.join()


def port_of(hub: EmbeddedHub) -> int:
    return int(hub.url.rpartition(":")[2])


# --- Certificates ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure_url(hub: EmbeddedHub, authority: trustme.CA) -> Iterator[str]:
    """The test hub, over TLS, with a certificate of an authority that nobody knows."""
    with served(lambda connection: secured(connection, authority, port_of(hub))) as port:
        yield f"https://localhost:{port}"


def secured(connection: socket.socket, authority: trustme.CA, port: int) -> None:
    """Talk TLS on a connection, for a port of this machine that doesn't."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "hub.test").configure_cert(context)
    with context.wrap_socket(connection, server_side=True) as inside:
        forward(inside, port)


def test_an_authority_of_ones_own_is_trusted_by_ssl_cert_file(
    connect: Any, secure_url: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    model = connect(api_key="a-key", backend_url=secure_url).Model.get("acme/shout")
    assert model.run(text="hi").data == "HI!"


def test_an_authority_that_nobody_knows_is_not(connect: Any, secure_url: str) -> None:
    with pytest.raises(ConnectionLostError, match=r"can't be reached: .*certificate.*SSL_CERT_FILE") as error:
        connect(api_key="a-key", backend_url=secure_url).Model.get("acme/shout")
    assert len(error.value.attempts) == 2


FORKING = """
import os, sys, warnings
from aixplain import Aixplain
warnings.filterwarnings("ignore", ".*fork.*", DeprecationWarning)
aix = Aixplain("a-key", sys.argv[1])
def shout():
    return aix.Model.get("acme/shout").run(text="hi").data
assert shout() == "HI!"
pid = os.fork()
if pid == 0:
    with aix:
        os._exit(0 if shout() == "HI!" else 1)
assert os.waitpid(pid, 0)[1] == 0
assert shout() == "HI!"
"""


def test_a_forked_child_has_a_secure_connection_of_its_own_and_its_parent_keeps_the_one_it_had(
    hub: EmbeddedHub, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    connections: list[socket.socket] = []

    def handle(connection: socket.socket) -> None:
        connections.append(connection)
        secured(connection, authority, port_of(hub))

    with served(handle) as port:
        environment = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "authority.pem")}
        command = [sys.executable, "-W", "error", "-c", FORKING, f"https://localhost:{port}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(connections) == 2


# --- Proxies --------------------------------------------------------------------------------------


class Proxy:
    """A proxy that takes every host for the test hub, and remembers what it was asked for."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port

    def __call__(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self.asked.append(f"{method} {target}")
        if method == "CONNECT":
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            forward(connection, self._port)
        else:
            path = target.split("/", 3)[3]
            forward(connection, self._port, head.replace(target.encode(), f"/{path}".encode(), 1))


@pytest.fixture(scope="module")
def named_hub() -> Iterator[EmbeddedHub]:
    """A hub that answers under any name, to who has its key."""
    running = start(hub=Hub(keys=["a-key"]))
    running.wait_until_ready()
    yield running
    running.close()


def test_http_goes_through_the_proxy_of_the_environment(
    connect: Any, named_hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIXPLAIN_ALLOW_INSECURE_URLS", "1")
    proxy = Proxy(port_of(named_hub))
    with served(proxy) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        aix = connect(api_key="a-key", backend_url="http://hub.test")
        assert aix.Model.get("aixplain/sentiment").name
        aix.close()
    assert proxy.asked == ["GET http://hub.test/v2/models/aixplain%2Fsentiment"]


def test_https_goes_through_a_tunnel_of_the_proxy_which_sees_no_key(
    connect: Any, named_hub: EmbeddedHub, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with (
        served(lambda connection: secured(connection, authority, port_of(named_hub))) as secure_port,
        served(proxy := Proxy(secure_port)) as port,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        aix = connect(api_key="a-key", backend_url="https://hub.test")
        assert aix.Model.get("aixplain/sentiment").run(text="I love this").data == "POSITIVE"
        aix.close()
    assert set(proxy.asked) == {"CONNECT hub.test:443"}


def test_no_proxy_and_loopback_go_there_directly(connect: Any, hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIXPLAIN_ALLOW_INSECURE_URLS", "1")
    proxy = Proxy(port_of(hub))
    with served(proxy) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "hub.invalid")
        assert connect(backend_url=hub.url).Model.get("acme/shout").name
        with pytest.raises(ConnectionLostError, match=r"http://hub\.invalid can't be reached"):
            connect(backend_url="http://hub.invalid").Model.get("acme/shout")
    assert proxy.asked == []


# --- Silence --------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that reads and says nothing."""

    def handle(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with served(handle) as port:
        yield f"http://127.0.0.1:{port}"


def head(length: int, kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n".encode()


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that gives a model, and one byte of any other answer in a twentieth of a second."""

    def handle(connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            if asked.startswith(b"GET"):
                model = b'{"id": "1", "name": "Drip", "supportsStreaming": true, "connectionType": ["synchronous"]}'
                connection.sendall(head(len(model)) + model)
                continue
            connection.sendall(head(100_000, "text/event-stream"))
            while True:
                connection.sendall(b" ")
                time.sleep(0.05)

    with served(handle) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_service_that_is_silent_for_longer_than_read_timeout_is_given_up(connect: Any, silent: str) -> None:
    aix = connect(backend_url=silent, read_timeout=0.1)
    with pytest.raises(ConnectionTimeoutError, match=r"said nothing for 0\.1 seconds \(read_timeout\)") as error:
        aix.Model.get("acme/shout")
    assert isinstance(error.value, builtins.TimeoutError)
    assert isinstance(error.value, ConnectionLostError)
    assert len(error.value.attempts) == 2, "a get that met silence is sent again"


def test_a_run_that_meets_silence_is_not_sent_again(connect: Any, silent: str) -> None:
    model = connect(backend_url=silent, read_timeout=0.2).Model.from_dict({"id": "m", "name": "M"})
    with pytest.raises(ConnectionTimeoutError, match="A run that answers only at its end is silent until then") as error:
        model.run(text="hi")
    assert len(error.value.attempts) == 1


def test_the_deadline_of_a_call_comes_before_a_longer_read_timeout(connect: Any, silent: str, hub: EmbeddedHub) -> None:
    model = connect(backend_url=hub.url, model_url=f"{silent}/api/v2/execute", read_timeout=30).Model.get("acme/shout")
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"Operation timed out after 0\.2 seconds"):
        model.run(text="hi", timeout=0.2)
    assert time.monotonic() - began < 10


def test_an_answer_that_drips_is_not_silent_but_ends_with_the_deadline(connect: Any, dripping: str) -> None:
    model = connect(backend_url=dripping, read_timeout=5).Model.get("acme/drip")
    with pytest.raises(TimeoutError, match=r"Operation timed out after 0\.4 seconds"):
        model.run(text="hi", timeout=0.4)


def test_a_stream_that_falls_silent_is_cut(connect: Any) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head(1000, "text/event-stream") + b'data: {"data": "one "}\n\n')
        connection.recv(1)

    with served(handle) as port:
        told = {"id": "m", "name": "M", "supportsStreaming": True}
        model = connect(backend_url=f"http://127.0.0.1:{port}", read_timeout=1.0).Model.from_dict(told)
        with model.run_stream(text="n") as stream, pytest.raises(StreamTimeoutError, match="read_timeout") as error:
            list(stream)
    assert error.value.partial == "one "


def test_a_connection_that_does_not_come_about_is_given_up_and_tried_again(connect: Any) -> None:
    with contextlib.ExitStack() as sockets:
        full = sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # nobody accepts them, so that the next one waits
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        aix = connect(backend_url=f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout=0.1)
        with pytest.raises(ConnectionTimeoutError, match=r"took no connection within 0\.1 seconds") as error:
            aix.Model.get("acme/shout")
    assert len(error.value.attempts) == 2


def test_nobody_there_is_no_timeout(connect: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(ConnectionLostError, match="refused") as error:
        connect(backend_url=f"http://127.0.0.1:{port}").Model.get("acme/shout")
    assert not isinstance(error.value, ConnectionTimeoutError)


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "5"])
def test_a_time_that_is_none_is_refused(connect: Any, name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is a number of seconds above 0, not"):
        connect(backend_url="http://127.0.0.1:8180", **{name: value})


def test_the_times_have_defaults() -> None:
    settings = Aixplain(backend_url="http://127.0.0.1:8180").settings
    assert (settings.connect_timeout, settings.read_timeout) == (10.0, None)
