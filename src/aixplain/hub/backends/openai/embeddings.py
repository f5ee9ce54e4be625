"""Embedding models of a service that speaks OpenAI."""

from __future__ import annotations

import base64
import struct
from typing import Any

import msgspec

from aixplain._wire.messages import Usage
from aixplain.hub.backends import OnProgress, Output
from aixplain.hub.backends.openai.messages import extra_body, number
from aixplain.hub.backends.openai.upstream import Upstream, read_usage
from aixplain.hub.backends.partial import estimated_tokens, report_partial
from aixplain.hub.backends.service import Service
from aixplain.hub.backends.whole import Whole


class _Vector(msgspec.Struct):
    embedding: msgspec.Raw
    index: int = 0


class _Vectors(msgspec.Struct):
    data: list[_Vector]
    usage: msgspec.Raw = msgspec.Raw(b"")


class EmbeddingBackend(Whole):
    """Gives the vector of a text; of several, a list of theirs."""

    def __init__(self, upstream: Upstream, model: str) -> None:
        self._upstream = upstream
        self._model = model

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        texts = inputs["text"]
        body = {**extra_body(inputs), "model": self._model, "input": texts, "encoding_format": "float"}
        if "dimensions" in inputs:
            body["dimensions"] = number(inputs["dimensions"])
        report_partial(lambda: estimated(texts))
        answer = await self._upstream.post("/embeddings", msgspec.json.encode(body))
        return vectors_of(self._upstream, answer.content, texts)


def estimated(texts: str | list[str]) -> Output:
    """What a request for the vectors of these texts uses, before the service told it."""
    tokens = estimated_tokens(texts)
    return Output(None, usage=Usage(tokens, None, tokens))


def vectors_of(upstream: Service, body: bytes, texts: str | list[str]) -> Output:
    """A list of vectors as the answer of a run over these texts. Raises `ModelError`."""
    found = upstream.decoded(body, _Vectors, "no list of vectors")
    vectors = [_numbers(upstream, each.embedding) for each in sorted(found.data, key=lambda each: each.index)]
    if len(vectors) != (len(texts) if isinstance(texts, list) else 1):
        raise upstream.failed(f"it answered {len(vectors)} vectors.")
    return Output(vectors if isinstance(texts, list) else vectors[0], usage=read_usage(found.usage))


def _numbers(upstream: Service, vector: msgspec.Raw) -> Any:
    """A vector as numbers. Some services answer in base64, 32 bits each, though they are asked for numbers."""
    if not bytes(vector).startswith(b'"'):
        return vector
    try:
        packed = base64.b64decode(msgspec.json.decode(vector), validate=True)
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))
    except (ValueError, struct.error) as error:
        raise upstream.failed("what it answered is no list of vectors.") from error
