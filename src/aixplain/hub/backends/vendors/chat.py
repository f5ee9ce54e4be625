"""Chat models of a vendor: asked and answered in OpenAI's shape, which the library turns into the vendor's and back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import msgspec

from aixplain.hub.backends import ModelError, OnProgress, Output, Piece
from aixplain.hub.backends.openai.chat import completion
from aixplain.hub.backends.openai.chunks import Chunks
from aixplain.hub.backends.openai.messages import extra_body, plain_request
from aixplain.hub.backends.partial import estimated_usage, report_partial
from aixplain.hub.backends.vendors.vendor import Vendor
from aixplain.hub.side_loop import on_side_loop, pieces_from_side_loop

if TYPE_CHECKING:
    from any_llm.types.completion import ChatCompletionChunk


#: What only OpenAI's own service knows. Other vendors refuse a request that has it.
OPENAI_ONLY = frozenset(
    {
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "n",
        "seed",
        "user",
        "store",
        "functions",
    }
    | {"stream_options", "function_call", "modalities", "audio", "prediction", "verbosity", "web_search_options", "best_of"}
    | {"prompt_cache_key", "prompt_cache_retention", "safety_identifier", "parallel_tool_calls", "max_completion_tokens"}
)
#: The vendors that are OpenAI's service.
_OPENAI = frozenset({"openai", "azureopenai"})


class VendorChat:
    """Answers with a model of a vendor."""

    def __init__(self, vendor: Vendor, model: str) -> None:
        self._vendor = vendor
        self._model = model

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        report_partial(lambda: Output(None, usage=estimated_usage(inputs, "")))
        return await on_side_loop(lambda: self._whole(self._request(inputs)))

    def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The chunks as OpenAI's events, and then the whole of them. Raises `ModelError`."""
        chunks = Chunks()
        report_partial(lambda: chunks.so_far(inputs))
        return pieces_from_side_loop(lambda: self._pieces(self._request(inputs), chunks), read=lambda piece: piece)

    async def _whole(self, request: dict[str, Any]) -> Output:
        async with self._vendor.asked() as client:
            answer = await client.acompletion(**request, **self._vendor.limits(client))
        told = answer.model_dump(mode="json", exclude_none=True)
        for choice in told["choices"]:
            choice["message"].setdefault("content", None)  # clients of OpenAI look for it beside calls of tools too
        return completion(self._vendor, msgspec.json.encode(told))

    async def _pieces(self, request: dict[str, Any], chunks: Chunks) -> AsyncGenerator[Piece, None]:
        events = _Events()
        async with self._vendor.asked() as client:
            # Chunks that can be closed; the library's types don't say so of a request whose keys they can't see.
            answer: Any = await client.acompletion(**request, **self._vendor.limits(client), stream=True)
            async with contextlib.aclosing(answer):
                async for chunk in answer:
                    if piece := chunks.feed(events.event(chunk)):
                        yield piece
        if not chunks.is_whole:
            raise self._vendor.failed("its answer stopped without an end.")
        yield chunks.whole()

    def _request(self, inputs: dict[str, Any]) -> dict[str, Any]:
        request = {**self._vendor.dialect.always, **plain_request(self._model, inputs)}
        if not all("role" in message for message in request["messages"]):
            raise ModelError('Each message has a role: {"role": "user", "content": "…"}.')
        if isinstance(stop := request.get("stop"), str):
            request["stop"] = [stop]
        # Into the body, never beside it: a vendor's client is told there where it sends the key. The model isn't the caller's.
        extra = {name: value for name, value in extra_body(inputs).items() if name not in ("model", "stream")}
        if self._vendor.vendor not in _OPENAI:
            extra = _without_openai_only(extra)
        if extra:
            request["extra_body"] = extra
        renamed = self._vendor.dialect.renamed
        return {renamed.get(name, name): value for name, value in request.items()}


def _without_openai_only(extra: dict[str, Any]) -> dict[str, Any]:
    """The further keys of a request, as far as another vendor may know them. Raises `ModelError` for several answers."""
    if isinstance(extra.get("n"), int) and extra["n"] > 1:
        raise ModelError("This model gives one answer at a time: leave 'n' out, or ask several times.")
    return {name: value for name, value in extra.items() if name not in OPENAI_ONLY}


class _Events:
    """Writes the chunks of one stream as a service that speaks OpenAI does: one id, and tool calls numbered from 0."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._numbers: dict[tuple[int, int], int] = {}

    def event(self, chunk: ChatCompletionChunk) -> bytes:
        """The event of a chunk; b"" for one that says nothing, such as where a part of the answer begins and ends."""
        told = chunk.model_dump(mode="json", exclude_none=True)
        told["choices"] = [choice for choice in told["choices"] if choice.get("finish_reason") or any(choice["delta"].values())]
        if not told["choices"] and "usage" not in told:
            return b""
        for choice in told["choices"]:
            self._number(choice)
        self._id = told["id"] = self._id or told["id"]
        return b"data: " + msgspec.json.encode(told) + b"\n\n"

    def _number(self, choice: dict[str, Any]) -> None:
        for call in choice["delta"].get("tool_calls", ()):
            place = choice["index"], call["index"]
            call["index"] = self._numbers.setdefault(place, len([each for each in self._numbers if each[0] == choice["index"]]))
