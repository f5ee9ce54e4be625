"""A service on loopback that does what each text of a run asks for, and remembers it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

MODEL = {"id": "m1", "name": "M", "params": [{"name": "text", "required": True, "dataType": "text"}, {"name": "size"}]}


class Service:
    """What a run does is told by the first word of its text.

    `hold` is accepted and never ends (`hold late`: slowly); `stuck` is never answered; `fail` is a failed run; `refuse` a 400,
    `busy` a 429 at first; `cost 2` tells 2 credits (`meet 2`: once three of it are there), `free` tells no cost; all else
    costs one. The answer is the text in capitals.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.polled: list[str] = []
        self.canceled: list[str] = []
        self.refused: set[str] = set()
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.three = threading.Barrier(3, timeout=20)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"service": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def run(self, inputs: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        text = inputs["text"]
        with self.lock:
            self.texts.append(text)
        word, _, rest = text.partition(" ")
        if word == "stuck":
            self.over.wait()
        if word == "busy" and text not in self.refused:
            self.refused.add(text)
            return 429, {"message": "too many"}
        if word == "refuse":
            return 400, {"message": "not this"}
        if word == "fail":
            return 201, {"status": "FAILED", "completed": True, "errorMessage": "it broke", "statusCode": 495}
        if word == "hold":
            time.sleep(0.1 if rest == "late" else 0)
            return 201, {"status": "IN_PROGRESS", "data": f"{self.url}/sdk/runs/{text.replace(' ', '-')}/result"}
        answer = {"status": "SUCCESS", "completed": True, "data": text.upper(), "usedCredits": 1.0}
        if word == "meet":
            self.three.wait()
        if word in ("cost", "meet"):
            answer["usedCredits"] = float(rest.split()[0])
        if word == "free":
            del answer["usedCredits"]
        return 200, answer


class Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path.startswith("/v2/models/"):
            return self.answer(200, MODEL)
        with self.service.lock:
            self.service.polled.append(self.path.split("/")[-2])
        self.service.over.wait(25)  # a held poll
        return self.answer(200, {"status": "IN_PROGRESS"})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        self.answer(*self.service.run(msgspec.json.decode(content)))

    def do_DELETE(self) -> None:
        with self.service.lock:
            self.service.canceled.append(self.path.split("/")[-2])
        self.answer(200, {})

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = msgspec.json.format(msgspec.json.encode(content), indent=2)  # on several lines, which JSON may be
        try:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if status == 429:
                self.send_header("retry-after", "0.05")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the client has left

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.close()


@pytest.fixture
def model(connect: Any, service: Service) -> Any:
    """A model of that service, once in each colour."""
    return connect(backend_url=service.url).Model.get("m1")


@pytest.fixture
def until() -> Callable[..., None]:
    """`until(condition)` waits for what happens elsewhere; `until(condition, model)` lets that model's loop go on meanwhile."""

    def wait(happened: Callable[[], bool], model: Any = None) -> None:
        runner = vars(model).get("runner") if model is not None else None
        for _ in range(1000):
            if happened():
                return
            if runner is not None:
                runner.run(asyncio.sleep(0.01))
            else:
                time.sleep(0.01)
        raise AssertionError("it did not happen in ten seconds")

    return wait
