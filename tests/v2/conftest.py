"""A service on loopback that answers what a test tells it to, whatever it is asked: odd records, and requests to look at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec
import pytest

MODEL = {
    "id": "669a63646eb56306647e1091",
    "name": "GPT-4o",
    "description": "Answers",
    "status": "onboarded",
    "serviceName": None,
    "host": "openai",
    "developer": "OpenAI",
    "vendor": {"id": 1777, "name": "OpenAI", "code": "openai"},
    "function": {"id": "text-generation", "name": "Text Generation"},
    "functionType": "ai",
    "type": "model",
    "pricing": {"price": 0.1, "unitType": "TOKEN", "unitTypeScale": "K"},
    "version": {"name": None, "id": "v1"},
    "createdAt": "2026-03-19T13:27:29.604Z",
    "updatedAt": "2026-03-19T13:27:29.604Z",
    "supportsStreaming": True,
    "supportsBYOC": False,
    "connectionType": ["synchronous", "asynchronous"],
    "assetInfo": {"assetPath": "openai/gpt-4o", "instanceId": "openai/gpt-4o/openai"},
    "attributes": [{"name": "license", "code": "license", "value": "MIT"}],
    "params": [
        {
            "name": "text",
            "required": True,
            "multipleValues": False,
            "isFixed": False,
            "dataType": "text",
            "dataSubType": "text",
            "values": [],
            "defaultValues": [],
            "availableOptions": [],
        },
        {
            "name": "temperature",
            "required": False,
            "multipleValues": False,
            "isFixed": False,
            "dataType": "text",
            "dataSubType": "number",
            "values": [],
            "defaultValues": [{"value": 0.7}],
            "availableOptions": [],
        },
    ],
}


#: A parameter of each kind.
PARAMETERS: list[dict[str, Any]] = [
    {"name": "text", "required": True, "dataType": "text", "dataSubType": "text"},
    {"name": "temperature", "dataType": "text", "dataSubType": "number", "defaultValues": [{"value": 0.7}]},
    {"name": "language", "dataType": "label", "availableOptions": [{"value": "en", "label": "English"}, {"value": "es"}]},
    {"name": "words", "dataType": "text", "multipleValues": True},
    {"name": "history", "dataType": "text", "dataSubType": "json"},
    {"name": "verbose", "dataType": "boolean", "defaultValues": [{"value": False}]},
    {"name": "source", "dataType": "label", "isFixed": True, "defaultValues": [{"value": "en"}]},
    {"name": "image", "dataType": "image"},
]


class Asked(NamedTuple):
    """A request that the service got."""

    method: str
    path: str
    body: Any


class CannedService(ThreadingHTTPServer):
    """Answers every request with `answer`, JSON or bytes, and keeps what it was `asked`."""

    daemon_threads = True
    answer: Any = {}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[Asked] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CannedService

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append(Asked(self.command, self.path, msgspec.json.decode(body) if body else None))
        answer = self.server.answer
        content = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def _service() -> Iterator[CannedService]:
    with CannedService() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def service(_service: CannedService) -> CannedService:
    """Set its `answer`."""
    _service.answer, _service.asked = {}, []
    return _service


@pytest.fixture
def canned(connect: Any, service: CannedService) -> Any:
    """A client of the canned service, once in each colour."""
    return connect(api_key="key", backend_url=service.url)


@pytest.fixture
def told() -> Callable[..., dict[str, Any]]:
    """`told(name="X")`: a MODEL as services tell it, with these keys changed."""

    def make(**changed: Any) -> dict[str, Any]:
        return {**msgspec.json.decode(msgspec.json.encode(MODEL)), **changed}

    return make


@pytest.fixture
def model_with(canned: Any) -> Callable[..., Any]:
    """`model_with(param, …)`: a model of the canned service with these parameters, each a dict or the name of a text."""

    def make(*params: dict[str, Any] | str, **changed: Any) -> Any:
        written = [{"name": each, "dataType": "text"} if isinstance(each, str) else each for each in params]
        return canned.Model.from_dict({**MODEL, "params": written, **changed})

    return make


@pytest.fixture
def model(model_with: Callable[..., Any]) -> Any:
    """A model with a parameter of each kind: text (required), temperature, language, words, history, verbose, source, image."""
    return model_with(*PARAMETERS)
