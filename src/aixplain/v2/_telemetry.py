"""OpenTelemetry: a span for each run, stream and poll loop, by its conventions for generative AI.

Requests carry the traceparent, so that a hub's work stands in the same trace. Nothing of this is loaded unless the program
has loaded OpenTelemetry, and nothing is done unless it has set a tracer provider. What people send and get is recorded with
OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_only (or true, or span_and_event), and not otherwise.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from opentelemetry import context, trace
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, SpanKind, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from aixplain.v2._addresses import host_of, port_of
from aixplain.v2._chunks import decoder_for
from aixplain.v2._flow import (
    AsyncStream,
    AsyncTransport,
    Open,
    Operation,
    Request,
    Response,
    Step,
    Stream,
    T,
    Transport,
    TransportFailure,
)
from aixplain.v2._operations import Run
from aixplain.v2._records import ModelResult
from aixplain.v2._settings import Settings
from aixplain.v2.exceptions import APIError, IncompleteStreamError

#: The convention's words for what some functions do; anything else generates content.
OPERATIONS = {
    "text-generation": "chat",
    "text-embedding": "embeddings",
    "image-embedding": "embeddings",
    "speech-embedding": "embeddings",
}
#: Inputs that the convention has a name and a type for.
PARAMETERS: dict[str, Callable[[Any], int | float]] = {
    "temperature": float,
    "top_p": float,
    "top_k": int,
    "max_tokens": int,
    "frequency_penalty": float,
    "presence_penalty": float,
    "seed": int,
}

_traceparent = TraceContextTextMapPropagator()


def traced(operation: Operation[T], settings: Settings, run: Run | None) -> Operation[T]:
    """The operation with a traceparent on its requests, and with a span if it runs a model; as it is when nobody traces."""
    provider = trace.get_tracer_provider()
    if type(provider) in (ProxyTracerProvider, NoOpTracerProvider):  # `isinstance` of an ABC is slow
        return operation
    if run is None:
        return _each_step(operation, functools.partial(_carrying, settings))
    return _in_a_span(operation, settings, run, _tracer(provider))


@functools.lru_cache(1)
def _tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("aixplain")


def _in_a_span(operation: Operation[T], settings: Settings, run: Run, tracer: Tracer) -> Operation[T]:
    span = RunSpan(tracer, settings, run)
    token = context.attach(trace.set_span_in_context(span.span))
    try:
        result = yield from _each_step(operation, functools.partial(_carrying, settings, span=span))
    except BaseException as error:
        span.end(error)
        raise
    finally:
        context.detach(token)
    if isinstance(result, ModelResult):
        span.note(result)
    if not isinstance(result, TracedStream | AsyncTracedStream):  # those end it when they end
        span.end()
    return result


def _each_step(operation: Operation[T], change: Callable[[Step], Step]) -> Operation[T]:
    """The operation, with its steps changed."""
    answer = failure = None
    while True:
        try:
            step = operation.send(answer) if failure is None else operation.throw(failure)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = failure = None
        try:
            answer = yield change(step)
        except BaseException as error:  # noqa: BLE001 - it belongs to the operation
            failure = error


def _carrying(settings: Settings, step: Step, span: RunSpan | None = None) -> Step:
    """A step whose request carries the traceparent, to the service alone: a file may go up to another company's store."""
    request = step.request if isinstance(step, Open) else step
    if isinstance(request, Request) and settings.trusts(request.url):
        _traceparent.inject(request.headers)
    return TracedOpen(step.request, span) if isinstance(step, Open) and span is not None else step


class RunSpan:
    """The span of one run, stream or poll loop."""

    def __init__(self, tracer: Tracer, settings: Settings, run: Run) -> None:
        operation = OPERATIONS.get(run.function or "", "generate_content") if run.model_id else "fetch_response"
        model = run.path or run.model_id
        asked: dict[str, str | int | float] = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": "aixplain",
            "server.address": host_of(settings.model_url),
            "server.port": port_of(settings.model_url),
        }
        name = operation
        if run.model_id:
            name = f"{operation} {model}"
            asked |= {"gen_ai.request.model": model, **_parameters(run.inputs)}
        if run.function:
            asked["aixplain.function"] = run.function
        self.span = tracer.start_span(name, kind=SpanKind.CLIENT, attributes=asked)
        self._records_content = self.span.is_recording() and _content_is_wanted()
        if self._records_content and run.inputs:
            self.span.set_attribute("gen_ai.input.messages", _message("user", _asked_text(run.inputs)))

    def note(self, result: ModelResult) -> None:
        """What the service told."""
        if not self.span.is_recording():
            return
        details = result.details if isinstance(result.details, list) else []
        reasons = [each.finish_reason for each in details if each.finish_reason]
        told = {
            "gen_ai.response.id": result.request_id,
            "gen_ai.response.model": _answering_model(result),
            "gen_ai.response.finish_reasons": reasons or None,
            "gen_ai.usage.input_tokens": result.usage.prompt_tokens if result.usage else None,
            "gen_ai.usage.output_tokens": result.usage.completion_tokens if result.usage else None,
        }
        self.span.set_attributes({name: value for name, value in told.items() if value is not None})
        if self._records_content and result.completed:
            reason = reasons[0] if reasons else "stop"
            self.span.set_attribute("gen_ai.output.messages", _message("assistant", _text(result.data), reason))

    def end(self, error: BaseException | None = None) -> None:
        """The operation is over. Its error's words may repeat what was sent, so they are content."""
        if error is not None:
            status = error.status_code if isinstance(error, APIError) else 0
            self.span.set_attribute("error.type", str(status) if status else type(error).__name__)
            self.span.set_status(Status(StatusCode.ERROR, str(error) if self._records_content else None))
        self.span.end()


def _parameters(inputs: Mapping[str, Any]) -> dict[str, str | int | float]:
    asked: dict[str, str | int | float] = {}
    for name in PARAMETERS.keys() & inputs.keys():
        try:
            asked[f"gen_ai.request.{name}"] = PARAMETERS[name](inputs[name])
        except (TypeError, ValueError):
            continue  # what it is to be is the model's business
    if inputs.get("session_id") is not None:
        asked["gen_ai.conversation.id"] = str(inputs["session_id"])
    return asked


def _answering_model(result: ModelResult) -> str | None:
    asset = result._raw_data.get("asset")
    named = asset.get("id") if isinstance(asset, dict) else None
    return named if isinstance(named, str) else None


# --- Content --------------------------------------------------------------------------------------


def _content_is_wanted() -> bool:
    wanted = os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return wanted.lower() in ("true", "span_only", "span_and_event")


def _asked_text(inputs: Mapping[str, Any]) -> str:
    text = inputs.get("text")
    return text if isinstance(text, str) else _text(dict(inputs))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def _message(role: str, text: str, finish_reason: str | None = None) -> str:
    message = {"role": role, "parts": [{"type": "text", "content": text}]}
    return msgspec.json.encode([message | ({"finish_reason": finish_reason} if finish_reason else {})]).decode()


# --- Streams --------------------------------------------------------------------------------------


class TracedOpen(Open):
    """Opens a stream that ends a span when it ends."""

    span: Any

    def perform(self, transport: Transport) -> Stream | Response:
        opened = transport.stream(self.request)
        return opened if isinstance(opened, Response) else TracedStream(opened, self.span)

    async def aperform(self, transport: AsyncTransport) -> AsyncStream | Response:
        opened = await transport.stream(self.request)
        return opened if isinstance(opened, Response) else AsyncTracedStream(opened, self.span)


class _Reading:
    """How a stream gets on, as its span tells it."""

    def __init__(self, headers: Mapping[str, str], span: RunSpan) -> None:
        self._decoder = decoder_for(headers)
        self._span = span
        self._began = time.perf_counter()
        self._is_first, self._is_over = True, False
        span.span.set_attribute("gen_ai.request.stream", True)

    def took(self, piece: bytes | None) -> None:
        if piece is None:
            self._decoder.end()
        else:
            self._decoder.feed(piece)
        if self._is_first and self._decoder.ready:
            self._is_first = False
            self._span.span.set_attribute("gen_ai.response.time_to_first_chunk", time.perf_counter() - self._began)
        self._decoder.ready.clear()
        if self._decoder.done:
            self.end()

    def broke(self, error: BaseException) -> None:
        if isinstance(error, TransportFailure):
            self._decoder.break_off(error)
            self.end()
        else:
            self.end(error)

    def end(self, error: BaseException | None = None) -> None:
        """The stream is over: whole, failed, or left by its reader."""
        if self._is_over:
            return
        self._is_over = True
        if error is None and self._decoder.done:
            try:
                self._decoder.raise_for_end()
            except IncompleteStreamError as failure:
                error = failure
        self._span.note(self._decoder.result())
        self._span.end(error)


class TracedStream:
    """The body of an answer, blocking, within a span."""

    def __init__(self, body: Stream, span: RunSpan) -> None:
        self.headers = body.headers
        self._body = body
        self._reading = _Reading(body.headers, span)

    def read(self) -> bytes | None:
        try:
            piece = self._body.read()
        except BaseException as error:
            self._reading.broke(error)
            raise
        self._reading.took(piece)
        return piece

    def close(self) -> None:
        self._reading.end()
        self._body.close()


class AsyncTracedStream:
    """The body of an answer, on asyncio, within a span."""

    def __init__(self, body: AsyncStream, span: RunSpan) -> None:
        self.headers = body.headers
        self._body = body
        self._reading = _Reading(body.headers, span)

    async def read(self) -> bytes | None:
        try:
            piece = await self._body.read()
        except BaseException as error:
            self._reading.broke(error)
            raise
        self._reading.took(piece)
        return piece

    async def close(self) -> None:
        self._reading.end()
        await self._body.close()
