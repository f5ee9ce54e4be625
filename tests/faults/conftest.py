"""A service whose every byte a test decides: what a real one does only on its worst day."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

Serve = Callable[["Connection"], None]


class Connection:
    """One accepted connection: `read_request` waits for a request, `send` and `answer` reply."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.file = peer.makefile("rb")

    def read_request(self) -> tuple[str, dict[str, str], bytes]:
        """The first line, the headers and the body of the next request. Raises ConnectionError when there is none."""
        line = self.file.readline().decode().strip()
        if not line:
            raise ConnectionError
        headers = {}
        while (header := self.file.readline().decode().strip()) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        return line, headers, self.file.read(int(headers.get("content-length", "0")))

    def send(self, data: bytes) -> None:
        self.peer.sendall(data)

    def answer(self, status: int = 200, content: Any = None, **headers: str) -> None:
        body = content if isinstance(content, bytes) else msgspec.json.encode({} if content is None else content)
        head = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*head, "", ""]).encode() + body)

    def begin_stream(self, *, chunked: bool = False) -> None:
        coding = "transfer-encoding: chunked\r\n" if chunked else ""
        self.send(f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{coding}\r\n".encode())

    def send_chunk(self, data: bytes) -> None:
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def is_closed_by_peer(self, within: float = 5.0) -> bool:
        """Whether the other side closes the connection in this time, whatever it sends before."""
        self.peer.settimeout(within)
        try:
            while self.peer.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True


class Service:
    """Listens on loopback and serves each connection in a thread of its own."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connections: list[Connection] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = Connection(self._listening.accept()[0])
                self.connections.append(connection)
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: Connection) -> None:
        with contextlib.suppress(OSError), connection.peer, connection.file:
            self._serve(connection)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)  # closed alone, it would be accepted from still, or what has its number then
        self._accepting.join()
        self._listening.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.peer.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def service() -> Iterator[Callable[[Serve], Service]]:
    """`service(serve)` runs a service until the test ends; `serve` gets each connection."""
    running: list[Service] = []

    def run(serve: Serve) -> Service:
        running.append(Service(serve))
        return running[-1]

    yield run
    for each in running:
        each.close()


MODEL = {"id": "m", "name": "M", "supportsStreaming": True, "connectionType": ["synchronous", "asynchronous"]}


@pytest.fixture
def model_of(connect: Any) -> Callable[..., Any]:
    """`model_of(service, **settings)`: a model of that service, in both colours, without asking for it."""

    def make(service: Service, **settings: Any) -> Any:
        return connect(backend_url=service.url, **settings).Model.from_dict(MODEL)

    return make
