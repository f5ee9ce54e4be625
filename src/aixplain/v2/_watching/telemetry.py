"""OpenTelemetry: a span for each run, stream and poll loop, and a traceparent on each request to the service.

Nothing of this is loaded unless the program has loaded OpenTelemetry, and nothing is done unless it has set a tracer
provider. The traceparent puts what the service does into the trace of its caller.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

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
    handled,
)
from aixplain.v2._operations import Run
from aixplain.v2._records import ModelResult
from aixplain.v2._settings import Settings
from aixplain.v2._streams.chunks import decoder_for
from aixplain.v2._watching.spans import RunSpan
from aixplain.v2.exceptions import IncompleteStreamError

_traceparent = TraceContextTextMapPropagator()


def traced(operation: Operation[T], settings: Settings, run: Run | None) -> Operation[T]:
    """The operation with a traceparent on its requests, and with a span if it runs a model; as it is when nobody traces."""
    provider = trace.get_tracer_provider()
    if type(provider) in (ProxyTracerProvider, NoOpTracerProvider):  # `isinstance` of an ABC is slow
        return operation
    if run is None:
        return handled(operation, functools.partial(_carrying, settings))
    return _in_a_span(operation, settings, run, _tracer(provider))


@functools.lru_cache(1)
def _tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer("aixplain")


def _in_a_span(operation: Operation[T], settings: Settings, run: Run, tracer: Tracer) -> Operation[T]:
    span = RunSpan(tracer, settings, run)
    token = context.attach(trace.set_span_in_context(span.span))
    try:
        result = yield from handled(operation, functools.partial(_carrying, settings, span=span))
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


def _carrying(settings: Settings, step: Step, span: RunSpan | None = None) -> Operation[Any]:
    """Take a step with the traceparent on its request, if that goes to the service: a file may go up to another company."""
    request = step.request if isinstance(step, Open) else step
    if isinstance(request, Request) and settings.trusts(request.url):
        _traceparent.inject(request.headers)
    return (yield TracedOpen(step.request, span) if isinstance(step, Open) and span is not None else step)


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
