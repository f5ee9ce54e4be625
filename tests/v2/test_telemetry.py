"""Spans of OpenTelemetry, as the real SDK exports them."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from aixplain import Aixplain, APIError, AsyncAixplain, ConnectionLostError, TimeoutError
from aixplain.hub.embedded import EmbeddedHub
from aixplain.v2.exceptions import IncompleteStreamError
from aixplain.v2.transport import AsyncClock, Clock, Request, Response, Stream

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


class Exported:
    """What was exported, oldest first."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("a program")

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    @property
    def last(self) -> dict[str, Any]:
        """The attributes of the span that ended last."""
        return dict(self.spans[-1].attributes or {})


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exported]:
    """Every span that ends while this process has a tracer provider."""
    monkeypatch.delenv(CONTENT, raising=False)
    found = Exported()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", found.provider)  # the API lets it be set once a process
    yield found
    found.provider.shutdown()


# --- A service that says what a test wants --------------------------------------------------------

MODEL = {
    "id": "1",
    "name": "Chat",
    "function": {"id": "text-generation"},
    "assetInfo": {"assetPath": "acme/chat"},
    "supportsStreaming": True,
    "connectionType": ["synchronous"],
}
ANSWER = {
    "status": "SUCCESS",
    "completed": True,
    "data": "Hello!",
    "requestId": "run-1",
    "asset": {"id": "acme/chat/acme"},
    "usage": {"prompt_tokens": 3, "completion_tokens": 5},
    "details": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}],
}
CHUNKS = (
    b'data: {"choices": [{"delta": {"content": "Hel"}}]}\n\n',
    b'data: {"choices": [{"delta": {"content": "lo!"}, "finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\n\ndata: [DONE]\n\n',
)


class Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self.headers = {"content-type": "text/event-stream"}
        self._pieces = iter(pieces)

    def read(self) -> bytes | None:
        return next(self._pieces, None)

    def close(self) -> None:
        pass


class Service(Clock):
    """Answers by itself, and remembers what it was asked."""

    def __init__(self, answer: dict[str, Any], chunks: tuple[bytes, ...] = CHUNKS) -> None:
        self.answer, self.chunks = answer, chunks
        self.requests: list[Request] = []

    def request(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, {}, msgspec.json.encode(MODEL if request.method == "GET" else self.answer))

    def stream(self, request: Request) -> Stream | Response:
        self.requests.append(request)
        return Pieces(*self.chunks)

    def close(self) -> None:
        pass


class AsyncPieces:
    def __init__(self, pieces: Any) -> None:
        self.headers = pieces.headers
        self._pieces = pieces

    async def read(self) -> bytes | None:
        piece: bytes | None = self._pieces.read()
        return piece

    async def close(self) -> None:
        pass


class AsyncService(AsyncClock):
    def __init__(self, service: Service) -> None:
        self.service = service

    async def request(self, request: Request) -> Response:
        return self.service.request(request)

    async def stream(self, request: Request) -> Any:
        return AsyncPieces(self.service.stream(request))

    async def close(self) -> None:
        pass


@pytest.fixture
def chat(connect: Any, request: pytest.FixtureRequest) -> Any:
    """`chat(service)` gives a model of text generation that the service serves."""

    def make(service: Service) -> Any:
        is_sync = request.node.callspec.params["connect"] == "sync"
        own = service if is_sync else AsyncService(service)
        return connect(backend_url="https://hub.test", transport=own).Model.get("acme/chat")

    return make


# --- Runs -----------------------------------------------------------------------------------------


def test_a_run_is_a_span_by_the_conventions(chat: Any, exported: Exported) -> None:
    chat(Service(ANSWER)).run(text="Hello?", temperature="0.5", max_tokens=20, session_id="talk-7")
    [span] = exported.spans
    assert (span.name, span.kind, span.status.status_code) == ("chat acme/chat", SpanKind.CLIENT, StatusCode.UNSET)
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aixplain",
        "gen_ai.request.model": "acme/chat",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 20,
        "gen_ai.conversation.id": "talk-7",
        "gen_ai.response.id": "run-1",
        "gen_ai.response.model": "acme/chat/acme",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 5,
        "server.address": "hub.test",
        "server.port": 443,
        "aixplain.function": "text-generation",
    }


def test_a_run_with_its_polls_is_one_span(connect: Any, hub: EmbeddedHub, exported: Exported) -> None:
    assert connect(backend_url=hub.url).Model.get("acme/slow").run(text="x", wait_time=0.01).data == "x"
    [span] = exported.spans
    assert span.name == "generate_content acme/slow"
    assert exported.last["server.port"] == int(hub.url.rpartition(":")[2])


def test_a_run_in_the_background_is_two_spans(connect: Any, hub: EmbeddedHub, exported: Exported) -> None:
    model = connect(backend_url=hub.url).Model.get("acme/slow")
    accepted = model.run_async(text="x")
    submitted = exported.last
    assert submitted["gen_ai.request.model"] == "acme/slow"
    assert submitted["gen_ai.response.id"] == accepted.request_id
    model.sync_poll(accepted.url)
    assert [span.name for span in exported.spans] == ["generate_content acme/slow", "fetch_response"]
    assert exported.last["gen_ai.operation.name"] == "fetch_response"
    assert "gen_ai.request.model" not in exported.last


def test_every_run_of_a_map_is_a_span(connect: Any, hub: EmbeddedHub, exported: Exported) -> None:
    items = list(connect(backend_url=hub.url).Model.get("acme/shout").map(["a", "b", "c"], concurrency=2))
    assert sorted(item.result.data for item in items) == ["A!", "B!", "C!"]
    assert [span.name for span in exported.spans] == ["generate_content acme/shout"] * 3


def test_what_runs_no_model_is_no_span(connect: Any, hub: EmbeddedHub, exported: Exported) -> None:
    aix = connect(backend_url=hub.url)
    aix.Model.search("shout")
    aix.Model.get("acme/shout")
    assert exported.spans == ()


@pytest.mark.parametrize(
    ("path", "options", "kind", "error_type"),
    [
        ("acme/broken", {}, APIError, "500"),
        ("acme/broken-async", {}, APIError, "495"),
        ("acme/gated", {"timeout": 0.2}, TimeoutError, "TimeoutError"),
    ],
)
def test_a_run_that_fails_says_how_and_not_with_which_words(
    connect: Any, hub: EmbeddedHub, exported: Exported, release: Any, path: str, options: Any, kind: type, error_type: str
) -> None:
    release.clear()
    with pytest.raises(kind):
        connect(backend_url=hub.url).Model.get(path).run(text="a prompt", **options)
    release.set()
    [span] = exported.spans
    assert exported.last["error.type"] == error_type
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)


def test_a_service_that_is_not_there_is_an_error_by_its_name(
    connect: Any, hub: EmbeddedHub, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aixplain.v2._send.ATTEMPTS", 1)
    model = connect(backend_url=hub.url, model_url="http://127.0.0.1:1/api/v2/execute").Model.get("acme/shout")
    with pytest.raises(ConnectionLostError):
        model.run(text="x")
    assert exported.last["error.type"] == "ConnectionLostError"


# --- Streams --------------------------------------------------------------------------------------


def test_a_stream_is_one_span_to_its_end(chat: Any, exported: Exported) -> None:
    with chat(Service(ANSWER)).run_stream(text="Hello?") as stream:
        chunks = iter(stream)
        assert next(chunks).data == "Hel"
        assert exported.spans == ()
        assert "".join(chunk.data for chunk in chunks) == "lo!"
    [span] = exported.spans
    told = exported.last
    assert span.name == "chat acme/chat"
    assert told["gen_ai.request.stream"] is True
    assert told["gen_ai.response.time_to_first_chunk"] >= 0
    assert told["gen_ai.response.finish_reasons"] == ("stop",)
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (3, 2)
    assert "error.type" not in told


def test_a_stream_that_is_cut_is_an_error(chat: Any, exported: Exported) -> None:
    with chat(Service(ANSWER, CHUNKS[:1])).run_stream(text="Hello?") as stream, pytest.raises(IncompleteStreamError):
        list(stream)
    assert exported.last["error.type"] == "IncompleteStreamError"


def test_a_stream_that_fails_is_an_error(chat: Any, exported: Exported) -> None:
    failed = (CHUNKS[0], b'data: {"status": "FAILED", "errorMessage": "no more", "statusCode": 485}\n\n')
    with chat(Service(ANSWER, failed)).run_stream(text="Hello?") as stream, pytest.raises(APIError):
        list(stream)
    assert exported.last["error.type"] == "485"


def test_a_stream_that_its_reader_leaves_is_none(chat: Any, exported: Exported) -> None:
    with chat(Service(ANSWER)).run_stream(text="Hello?") as stream:
        next(iter(stream))
    assert len(exported.spans) == 1
    assert "error.type" not in exported.last


def test_a_stream_that_is_refused_is_an_error(connect: Any, hub: EmbeddedHub, exported: Exported) -> None:
    model = connect(backend_url=hub.url).Model.get("acme/count")
    model.id = "nothing"
    with pytest.raises(APIError), model.run_stream(text="x") as stream:
        list(stream)
    assert exported.last["error.type"] == "404"


# --- Content --------------------------------------------------------------------------------------


def test_content_is_not_recorded(chat: Any, exported: Exported) -> None:
    model = chat(Service(ANSWER))
    model.run(text="a secret question")
    with model.run_stream(text="a secret question") as stream:
        list(stream)
    for span in exported.spans:
        assert "secret" not in span.to_json()
        assert "Hello!" not in span.to_json()


@pytest.mark.parametrize("wanted", ["true", "SPAN_ONLY", "span_and_event"])
def test_content_is_recorded_when_asked(chat: Any, exported: Exported, monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv(CONTENT, wanted)
    model = chat(Service(ANSWER))
    model.run(text="Hello?")
    with model.run_stream(data=[{"role": "user", "content": "Hello?"}]) as stream:
        list(stream)
    run, streamed = (dict(span.attributes or {}) for span in exported.spans)
    asked = [{"role": "user", "parts": [{"type": "text", "content": "Hello?"}]}]
    told = [{"role": "assistant", "parts": [{"type": "text", "content": "Hello!"}], "finish_reason": "stop"}]
    assert msgspec.json.decode(run["gen_ai.input.messages"]) == asked
    assert msgspec.json.decode(run["gen_ai.output.messages"]) == told
    assert msgspec.json.decode(streamed["gen_ai.output.messages"]) == told
    [message] = msgspec.json.decode(streamed["gen_ai.input.messages"])
    assert msgspec.json.decode(message["parts"][0]["content"]) == {"data": [{"role": "user", "content": "Hello?"}]}


# --- The trace ------------------------------------------------------------------------------------


def test_requests_carry_the_spans_traceparent(chat: Any, exported: Exported) -> None:
    service = Service(ANSWER)
    model = chat(service)
    model.run(text="x")
    with model.run_stream(text="x") as stream:
        list(stream)
    for span, request in zip(exported.spans, service.requests[1:], strict=True):
        assert span.context is not None
        assert traced_by(request) == (span.context.trace_id, span.context.span_id, True)


def traced_by(request: Request) -> tuple[int, int, bool]:
    """Trace, span and whether it is sampled, as a request's header tells them."""
    version, trace_id, span_id, flags = request.headers["traceparent"].split("-")
    assert version == "00"
    return int(trace_id, 16), int(span_id, 16), bool(int(flags, 16) & 1)


def test_spans_and_requests_belong_to_the_span_around_them(exported: Exported) -> None:
    service = Service(ANSWER)
    with Aixplain(backend_url="https://hub.test", transport=service) as aix:
        with exported.tracer.start_as_current_span("a program's work") as outer:
            aix.Model.get("acme/chat").run(text="x")
    around = outer.get_span_context()
    assert traced_by(service.requests[0]) == (around.trace_id, around.span_id, True), "a get is no span of its own"
    assert exported.spans[0].parent == around


def test_spans_of_tasks_belong_to_the_span_around_each(exported: Exported) -> None:
    service = Service(ANSWER)

    async def work(aix: AsyncAixplain, name: str) -> str:
        with exported.tracer.start_as_current_span(name):
            model = await aix.Model.get("acme/chat")
            await asyncio.sleep(0)
            await model.run(text=name)
            async with model.run_stream(text=name) as stream:
                return await stream.text()

    async def main() -> list[str]:
        aix = AsyncAixplain(backend_url="https://hub.test", transport=AsyncService(service))
        return await asyncio.gather(*(work(aix, f"task {number}") for number in range(5)))

    assert asyncio.run(main()) == ["Hello!"] * 5
    around = {span.context.span_id: span.name for span in exported.spans if span.context and span.name.startswith("task")}
    parents = [around[span.parent.span_id] for span in exported.spans if span.parent]
    assert sorted(parents) == sorted([f"task {number}" for number in range(5)] * 2)


def test_a_file_goes_up_to_another_origin_without_a_traceparent(exported: Exported) -> None:
    from aixplain.v2._settings import resolve
    from aixplain.v2._watching.telemetry import traced

    def put() -> Any:
        return (yield Request("PUT", "https://store.elsewhere.test/x", {}))

    with exported.tracer.start_as_current_span("a program's work"):
        step: Any = next(traced(put(), resolve(None, "https://hub.test"), None))
    assert step.headers == {}


def test_log_lines_of_a_run_stand_in_its_span(chat: Any, exported: Exported, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aixplain")
    seen: list[int] = []

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(trace.get_current_span().get_span_context().span_id)

    handler = Noting()
    logging.getLogger("aixplain").addHandler(handler)
    try:
        chat(Service(ANSWER)).run(text="x")
    finally:
        logging.getLogger("aixplain").removeHandler(handler)
    assert exported.spans[0].context is not None
    assert seen[-1] == exported.spans[0].context.span_id
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_run_that_is_not_sampled_runs_all_the_same(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider(sampler=ALWAYS_OFF))
    service = Service(ANSWER)
    model = chat(service)
    assert model.run(text="x").data == "Hello!"
    with model.run_stream(text="x") as stream:
        assert "".join(chunk.data for chunk in stream) == "Hello!"
    assert traced_by(service.requests[-1])[2] is False


# --- Nothing of it --------------------------------------------------------------------------------

WITHOUT = """
import sys
from aixplain import Aixplain
aix = Aixplain(backend_url=sys.argv[1])
aix.Model.get("acme/shout").run(text="hi")
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
WITHOUT_A_PROVIDER = """
import sys
import opentelemetry.trace
from aixplain import Aixplain
from aixplain.v2 import _operations
from aixplain.v2._watching import observe as _observe
aix = Aixplain(backend_url=sys.argv[1])
aix.Model.get("acme/shout").run(text="hi")
operation = _operations.get(aix.settings, "x")
assert _observe.observed(operation, aix.settings) is operation
"""


@pytest.mark.parametrize("code", [WITHOUT, WITHOUT_A_PROVIDER])
def test_where_nobody_traces_nothing_is_done(hub: EmbeddedHub, code: str) -> None:
    subprocess.run([sys.executable, "-c", code, hub.url], check=True, timeout=50)
