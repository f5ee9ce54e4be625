"""Models of another aiXplain, the platform or a hub, relayed: its runs, streams, polls and files."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

from aixplain._wire.messages import Usage
from aixplain._wire.sse import encode_event
from aixplain.hub.backends import ModelError, OnProgress, Output, Piece
from aixplain.hub.backends.partial import estimated_usage, report_partial
from aixplain.hub.backends.service import ELSEWHERE, ELSEWHERE_CODES, SUPPLIER, Service
from aixplain.hub.catalog import Entry, Policy
from aixplain.hub.errors import ErrorFields
from aixplain.hub.ids import new_id
from aixplain.hub.prices import Price
from aixplain.v2.core import AsyncAixplain
from aixplain.v2.exceptions import (
    AixplainV2Error,
    APIError,
    ConfigurationError,
    ConnectionLostError,
    InputError,
    TimeoutError,
)
from aixplain.v2.model import AsyncModel, ModelResult, StreamChunk

#: What the other one says that is true for our callers too.
TOLD = frozenset({400, 402, 404, 413, 429, 475, 492, 495, 497})
#: A hub without keys takes any, and ours, which the environment may have for other purposes, is none of its business.
NO_KEY = "no-key"


class Other(Service):
    """Another aiXplain, known here by its `name`. `key_env` names the variable of this process's environment with its key."""

    def __init__(self, name: str, url: str, key_env: str | None) -> None:
        super().__init__(name, key_env)
        self._url = url
        self._client: AsyncAixplain | None = None

    @property
    def client(self) -> AsyncAixplain:
        """A client of it, made when first asked for. Raises `ModelError`."""
        if self._client is None:
            key = self.key()
            try:
                self._client = AsyncAixplain(api_key=NO_KEY if key is None else key, backend_url=self._url)
            except ConfigurationError as error:
                raise ModelError(f"'{self.name}' can't be used: {error}", SUPPLIER) from error
            self._client.settings.is_patient = False  # our callers are told when to come again, or another model is tried
        return self._client

    @contextlib.asynccontextmanager
    async def asked(self) -> AsyncIterator[None]:
        """Whatever goes wrong in here is told as the failure of a model of ours."""
        try:
            yield
        except AixplainV2Error as error:
            raise self._failed(error) from error

    def _failed(self, error: AixplainV2Error) -> ModelError:
        words = error.message.removeprefix("Operation failed: ")
        if isinstance(error, InputError):
            return ModelError(words, 400)
        if isinstance(error, TimeoutError):
            return ModelError(f"'{self.name}' was too slow: {words}", 504)
        if isinstance(error, APIError):
            return self._refused(error, words)
        if isinstance(error, ConnectionLostError):
            return ModelError(f"'{self.name}' can't be reached, or broke off: {words} Is it running?", 503)
        return ModelError(f"'{self.name}' failed: {words}", SUPPLIER)

    def _refused(self, error: APIError, words: str) -> ModelError:
        told = error.response_data
        fields = ErrorFields.read(
            {"code": told.get("errorCode"), "param": told.get("errorParam"), "type": told.get("errorType")}
        )
        if error.status_code in (401, 403):
            return self.refused(error.status_code, words, fields=fields)
        status = error.status_code if error.status_code in TOLD or error.status_code >= 500 else SUPPLIER
        falls_back = status in ELSEWHERE or fields.code in ELSEWHERE_CODES
        message = f"'{self.name}' said: {self._clean(words)}"
        return ModelError(message, status, error.retry_after, fields=fields, falls_back=falls_back)


class RelayBackend:
    """Has a model of another aiXplain answer. A run that is canceled here is canceled there."""

    def __init__(self, other: Other, body: msgspec.Raw, timeout: float) -> None:
        self._other = other
        self._body = body
        self._timeout = timeout
        self._found: AsyncModel | None = None

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""

        def tell(result: ModelResult) -> None:
            done = result.to_dict().get("progress")
            if isinstance(done, int | float):
                on_progress(float(done))

        report_partial(_Progress(inputs).output)
        async with self._other.asked():
            result = await self._model.run(timeout=self._timeout, on_progress=tell, cancel_on_interrupt=True, **inputs)
            return _output(result)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The pieces as they come: plain text as text, the chunks of a chat as events of OpenAI's. Raises `ModelError`."""
        events, progress = _Events(self._model.path), _Progress(inputs)
        report_partial(progress.output)
        async with self._other.asked(), self._model.run_stream(timeout=self._timeout, **inputs) as stream:
            async for chunk in stream:
                progress.take(chunk)
                if chunk.index is not None or chunk.tool_calls or chunk.reasoning_content or chunk.finish_reason:
                    yield events.event(chunk)
                elif chunk.data:
                    yield str(chunk.data)
            yield _output(await stream.result())

    @property
    def _model(self) -> AsyncModel:
        if self._found is None:
            self._found = self._other.client.Model.from_dict(msgspec.json.decode(self._body))
        return self._found


class _Progress:
    """What a run has used so far: as the other one told it, or else estimated."""

    def __init__(self, inputs: dict[str, Any]) -> None:
        self._inputs = inputs
        self._texts: list[str] = []
        self._usage: Usage | None = None

    def take(self, chunk: StreamChunk) -> None:
        """Count a chunk."""
        self._texts.append(f"{chunk.data or ''}{chunk.reasoning_content or ''}")
        self._usage = chunk.usage or self._usage

    def output(self) -> Output:
        """The usage so far; not known of a run of which nothing came."""
        if self._usage is None and self._texts:
            return Output(None, usage=estimated_usage(self._inputs, "".join(self._texts)))
        return Output(None, usage=self._usage)


class _Events:
    """The chunks of one stream, in the shape of OpenAI's."""

    def __init__(self, model: str | None) -> None:
        self._head = {
            "id": f"chatcmpl-{new_id()}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._begun: set[int] = set()

    def event(self, chunk: StreamChunk) -> bytes:
        """One chunk. The first one of an alternative says whose words it has."""
        index = chunk.index or 0
        role = None if index in self._begun else "assistant"
        self._begun.add(index)
        fields = {
            "role": role,
            "content": chunk.data,
            "tool_calls": chunk.tool_calls,
            "reasoning_content": chunk.reasoning_content,
        }
        delta = {name: value for name, value in fields.items() if value}
        choice = {"index": index, "delta": delta, "logprobs": chunk.logprobs, "finish_reason": chunk.finish_reason}
        return encode_event(msgspec.json.encode({**self._head, "choices": [choice]}))


def _output(result: ModelResult) -> Output:
    details = [detail.to_dict() for detail in result.details] if isinstance(result.details, list) else []
    raw_data = result.to_dict().get("rawData")
    return Output(result.data, raw_data, details=details, usage=result.usage, credits=result.used_credits)


async def bodies(name: str, url: str, key_env: str | None) -> list[tuple[str, msgspec.Raw]]:
    """The models that another aiXplain offers, as its catalog tells them, by their paths. Raises `ModelError`."""
    other = Other(name, url, key_env)
    async with other.asked(), other.client as aix:
        page = await aix.Model.search(page_size=100)
        return [(_path(model), msgspec.Raw(msgspec.json.encode(model.to_dict()))) async for model in page.all()]


def _path(model: AsyncModel) -> str:
    return model.path or str(model.id)


def relayed(name: str, url: str, key_env: str | None, models: tuple[msgspec.Raw, ...], timeout: float) -> list[Entry]:
    """The entries of these models, at `name/path`."""
    other = Other(name, url, key_env)
    return [_entry(name, other, body, timeout) for body in models]


def _entry(name: str, other: Other, body: msgspec.Raw, timeout: float) -> Entry:
    model = AsyncModel.from_dict(msgspec.json.decode(body))
    ways = model.connection_type or []
    return Entry(
        path=f"{name}/{_path(model)}",
        function=str(getattr(model.function, "wire", model.function) or "utilities"),
        name=model.name or _path(model),
        description=model.description or "",
        developer=model.developer or name,
        backend=RelayBackend(other, body, timeout),
        parameters=tuple(model.params),
        asynchronous=bool(ways) and "synchronous" not in ways,
        streams=bool(model.supports_streaming),
        policy=Policy(timeout=timeout),
        supplier=(0, name, name),
        price=_price(model),
    )


def _price(model: AsyncModel) -> Price | None:
    """The price of a request, where that is how it is charged; else the other one says what a run cost."""
    told = model.pricing
    is_known = told is not None and told.price is not None and told.unit_type == "REQUEST"
    return Price(input_cost_per_request=told.price) if told is not None and is_known else None
