"""Vectors of texts, as clients of OpenAI ask for them."""

from __future__ import annotations

import base64
import struct
from typing import Any

import msgspec

from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints.openai.completions import usage_of
from aixplain.hub.endpoints.openai.errors import Unfit
from aixplain.hub.endpoints.openai.requests import further_inputs
from aixplain.hub.endpoints.visits import Finished

_NO_VECTORS = frozenset({"text-generation", "speech-synthesis", "text-to-image-generation"})


def inputs_of(entry: Entry, wanted: dict[str, Any]) -> dict[str, Any]:
    """The inputs for the texts that a client wants vectors of. Raises `Unfit`."""
    texts = wanted.pop("input", None)
    texts = [texts] if isinstance(texts, str) else texts
    if not (isinstance(texts, list) and texts and all(isinstance(each, str) for each in texts)):
        raise Unfit(
            "input is a text or a list of texts. Numbers of tokens mean nothing here; "
            "LangChain sends texts with check_embedding_ctx_length=False.",
            "input",
        )
    takes = next((parameter for parameter in entry.parameters if parameter.name == "text"), None)
    if takes is None:
        raise Unfit(f"Model '{entry.path}' takes no text, so it has no vectors of it.", "model")
    if entry.function in _NO_VECTORS:  # it would be run, and cost, for nothing
        raise _no_vectors(entry)
    if not takes.multiple_values and len(texts) > 1:
        raise Unfit(f"Model '{entry.path}' takes one text at a time, and these are {len(texts)}. Send one.", "input")
    return {"text": texts if takes.multiple_values else texts[0], **further_inputs(entry, wanted)}


def vectors_of(entry: Entry, answer: Finished, model: str, encoding: str) -> bytes:
    """The list of vectors that an answer is; `encoding` is `float` or `base64`. Raises `Unfit`."""
    vectors = [_encoded(vector, encoding) for vector in _vectors(entry, answer)]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    return msgspec.json.encode({"object": "list", "data": data, "model": model, "usage": usage_of(answer)})


def _vectors(entry: Entry, answer: Finished) -> list[list[float]]:
    """One vector for each text; of one text, a model may give it bare."""
    try:
        return msgspec.convert([msgspec.json.decode(answer.data)], list[list[float]])
    except msgspec.ValidationError:
        pass
    try:
        return msgspec.json.decode(answer.data, type=list[list[float]])
    except msgspec.ValidationError as error:
        raise _no_vectors(entry) from error


def _no_vectors(entry: Entry) -> Unfit:
    return Unfit(f"Model '{entry.path}' gives no vectors. Ask it at /v1/chat/completions.", "model")


def _encoded(vector: list[float], encoding: str) -> list[float] | str:
    if encoding == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
