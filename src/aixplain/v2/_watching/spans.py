"""What the span of a run tells, by the conventions of OpenTelemetry for generative AI.

What people send and get is recorded with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_only (or true, or
span_and_event), and not otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from aixplain.v2._addresses import host_of, port_of
from aixplain.v2._operations import Run
from aixplain.v2._records import ModelResult
from aixplain.v2._settings import Settings
from aixplain.v2.exceptions import APIError

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
