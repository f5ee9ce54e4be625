"""A terminal sees that a service asks to wait, and for how many seconds, whichever command asks."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aixplain.hub.embedded import EmbeddedHub

TOLD = "The rate limit is reached (HTTP 429); trying again in 0."


@pytest.fixture
def limited(hub: EmbeddedHub) -> Iterator[str]:
    """The address of the hub behind a proxy that refuses the first run, and the first look at an answer."""
    refused: set[str] = set()

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", "/data/" in self.path)

        def do_POST(self) -> None:
            self._answer("POST", "paginate" not in self.path)

        def _answer(self, method: str, is_limited: bool) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if is_limited and method not in refused:
                refused.add(method)
                self._send(429, {"Retry-After": "0.2"}, b"{}")
                return
            connection = http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=20)
            headers = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "accept")}
            connection.request(method, self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self._send(answer.status, {"Content-Type": answer.headers["Content-Type"]}, content)

        def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "acme/say", "pong"),
        ("run", "acme/talk", "--stream", "pong"),
        ("compare", "acme/say,acme/talk", "pong"),
        ("map", "acme/say", "rows.csv"),
        ("map", "acme/say", "rows.csv", "--to", "out.csv"),
    ],
    ids=" ".join,
)
def test_a_terminal_is_told_when_a_run_is_sent_again(
    terminal: Callable[..., Any], limited: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "rows.csv").write_text("text\npong\n")
    screen = terminal(*words, columns=200, settings={"BACKEND_URL": limited})
    assert TOLD in "\n".join(screen.lines)


def test_a_conversation_is_told_too(typist: Callable[..., Any], limited: str) -> None:
    person = typist("chat", "acme/talk", settings={"BACKEND_URL": limited})
    person.wait_for("> ")
    person.type("pong\n")
    person.wait_for("The rate limit is reached (HTTP 429)")
    person.wait_for("0 before, no context, 0.5: pong\n> ")
    assert person.leave() == 0


def test_who_watches_a_run_is_told_too(terminal: Callable[..., Any], aix: Callable[..., Any], limited: str) -> None:
    aix("run", "acme/say", "pong")
    run = json.loads(aix("runs", "list", "--model", "acme/say", "--json").out)[0]["requestId"]
    screen = terminal("runs", "attach", run, columns=200, settings={"BACKEND_URL": limited})
    assert TOLD in "\n".join(screen.lines)
    assert screen.status == 0


def test_a_pipe_is_not(aix: Callable[..., Any], limited: str) -> None:
    done = aix("run", "acme/say", "pong", settings={"BACKEND_URL": limited})
    assert (done.status, done.out, done.err) == (0, "pong\n", "")
