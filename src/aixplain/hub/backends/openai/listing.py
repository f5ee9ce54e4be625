"""The list of a service's models, and what each of them does, as far as its words tell."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from aixplain.hub.backends.openai.upstream import Upstream

CHAT, EMBEDDING, IMAGES = "text-generation", "text-embedding", "text-to-image-generation"
TRANSCRIPTION, SPEECH = "speech-recognition", "speech-synthesis"
FUNCTIONS = (CHAT, EMBEDDING, TRANSCRIPTION, SPEECH, IMAGES)

#: What services themselves say of a model's kind.
_TOLD = {
    "chat": CHAT,
    "llm": CHAT,
    "language": CHAT,
    "embedding": EMBEDDING,
    "embeddings": EMBEDDING,
    "image": IMAGES,
    "transcribe": TRANSCRIPTION,
    "audio": SPEECH,
}
#: What names tell. Those of the last line are models that this hub has no way to run.
_NAMES: list[tuple[str, str | None]] = [
    (r"embed|minilm|(^|[-/_])(bge|e5|gte)[-_]", EMBEDDING),
    (r"whisper|transcribe|parakeet|[-_]asr|[-_]stt", TRANSCRIPTION),
    (r"(^|[-/_])tts|[-_]tts|kokoro|playai-tts|orpheus", SPEECH),
    (r"dall-e|gpt-image|stable-diffusion|sdxl|(^|[-/_])flux|imagen", IMAGES),
    (r"moderation|rerank|realtime|guard|sora", None),
]


class Offered(msgspec.Struct, frozen=True):
    """A model of a service, and what it does, in the protocol's words."""

    id: str
    function: str = CHAT
    developer: str | None = None


async def offered(upstream: Upstream) -> list[Offered]:
    """The models that a service offers and this hub can run. Raises `ModelError`."""
    answer = await upstream.get("/models")
    told = upstream.decoded(answer.content, dict[str, Any] | list[Any], "no list of models")  # type: ignore[arg-type] # a union, which msgspec takes
    models = told if isinstance(told, list) else told.get("data")
    if not isinstance(models, list):
        raise upstream.failed("what it answered is no list of models.")
    found = [_offered(model) for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)]
    return [model for model in found if model is not None]


def _offered(model: dict[str, Any]) -> Offered | None:
    function = function_of(model)
    owner = model.get("owned_by")
    return None if function is None else Offered(model["id"], function, owner if isinstance(owner, str) else None)


def function_of(model: dict[str, Any]) -> str | None:
    """What a model does; None for one that this hub can't run.

    >>> function_of({"id": "text-embedding-3-small"}), function_of({"id": "llama3.2:1b"})
    ('text-embedding', 'text-generation')
    """
    kind = model.get("type")
    if isinstance(kind, str) and kind in _TOLD:
        return _TOLD[kind]
    name = model["id"].lower()
    return next((function for pattern, function in _NAMES if re.search(pattern, name)), CHAT)
