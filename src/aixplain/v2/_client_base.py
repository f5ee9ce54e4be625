"""What both colours of a client share: settings, the bound model class, the way an answer becomes a page."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from aixplain.v2._model_base import ModelBase
from aixplain.v2._search import read_page
from aixplain.v2._settings import Settings
from aixplain.v2.resource import Page

ModelT = TypeVar("ModelT", bound=ModelBase)


class ClientBase:
    """One client: its settings, and nothing shared with another."""

    settings: Settings

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._page_decoders: dict[type, msgspec.json.Decoder[Any]] = {}

    @property
    def backend_url(self) -> str:
        """Where the catalog is."""
        return self.settings.backend_url

    @property
    def model_url(self) -> str:
        """Where models are run."""
        return self.settings.model_url

    def bind(self, kind: type[ModelT]) -> type[ModelT]:
        """The model class of this client: what it gets and finds belongs to this client."""
        name = kind.__name__
        return type(kind)(name, (kind,), {"context": self, "__module__": kind.__module__, "__doc__": kind.__doc__})

    def read_page(self, kind: type[ModelT], body: bytes) -> Page[ModelT]:
        """The page of models in an answer."""
        decoder = self._page_decoders.get(kind)
        if decoder is None:
            page = msgspec.defstruct(
                "PageBody",
                [("results", list[kind]), ("total", int, 0), ("page_total", int, 0), ("page_number", int, 0)],  # type: ignore[valid-type]
                rename="camel",
            )
            decoder = self._page_decoders[kind] = msgspec.json.Decoder(page)
        return read_page(kind, body, decoder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(backend_url={self.settings.backend_url!r})"
