"""Catalog entries of a service's models."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aixplain._wire.messages import Parameter
from aixplain.hub.backends import Backend, Keep
from aixplain.hub.backends.openai import listing, parameters
from aixplain.hub.backends.openai.chat import ChatBackend
from aixplain.hub.backends.openai.embeddings import EmbeddingBackend
from aixplain.hub.backends.openai.images import ImageBackend
from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.backends.openai.speech import SpeechBackend, TranscriptionBackend
from aixplain.hub.backends.openai.upstream import Upstream
from aixplain.hub.backends.service import Service
from aixplain.hub.catalog import Entry, Policy

_PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    listing.CHAT: parameters.CHAT,
    listing.EMBEDDING: parameters.EMBEDDING,
    listing.TRANSCRIPTION: parameters.TRANSCRIPTION,
    listing.SPEECH: parameters.SPEECH,
    listing.IMAGES: parameters.IMAGES,
}


def entries_of(upstream: Upstream, models: Iterable[Offered], keep: Keep, timeout: float) -> list[Entry]:
    """The entries of these models, at `upstream/model`. `timeout` is the seconds that an answer may take."""
    makers: dict[str, Callable[[str], Backend]] = {
        listing.CHAT: lambda model: ChatBackend(upstream, model),
        listing.EMBEDDING: lambda model: EmbeddingBackend(upstream, model),
        listing.TRANSCRIPTION: lambda model: TranscriptionBackend(upstream, model),
        listing.SPEECH: lambda model: SpeechBackend(upstream, model, keep),
        listing.IMAGES: lambda model: ImageBackend(upstream, model, keep),
    }
    return [
        entry_of(upstream, model, makers[model.function](model.id), _PARAMETERS[model.function], timeout) for model in models
    ]


def entry_of(service: Service, model: Offered, backend: Backend, takes: tuple[Parameter, ...], timeout: float) -> Entry:
    """The entry of one model of a service."""
    return Entry(
        path=f"{service.name}/{model.id}",
        function=model.function,
        name=model.id.rpartition("/")[2],
        description=f"{model.id}, served by {service.name}.",
        developer=model.developer or service.name,
        backend=backend,
        parameters=takes,
        streams=model.function == listing.CHAT,
        policy=Policy(timeout=timeout),
        supplier=(0, service.name, service.name),
        price=None,
    )
