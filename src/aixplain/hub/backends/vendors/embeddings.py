"""Embedding models of a vendor."""

from __future__ import annotations

from typing import Any

from aixplain.hub.backends import OnProgress, Output
from aixplain.hub.backends.openai.embeddings import vectors_of
from aixplain.hub.backends.openai.messages import number
from aixplain.hub.backends.vendors.vendor import Vendor
from aixplain.hub.backends.whole import Whole
from aixplain.hub.side_loop import on_side_loop


class VendorEmbedding(Whole):
    """Gives the vector of a text; of several, a list of theirs."""

    def __init__(self, vendor: Vendor, model: str) -> None:
        self._vendor = vendor
        self._model = model

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        wanted = {"dimensions": number(inputs["dimensions"])} if "dimensions" in inputs else {}
        return await on_side_loop(lambda: self._vectors(inputs["text"], wanted))

    async def _vectors(self, texts: str | list[str], wanted: dict[str, float]) -> Output:
        async with self._vendor.asked() as client:
            answer = await client.aembedding(self._model, texts, **wanted)
        return vectors_of(self._vendor, answer.model_dump_json().encode(), texts)
