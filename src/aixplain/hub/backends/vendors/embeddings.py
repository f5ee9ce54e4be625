"""Embedding models of a vendor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from aixplain.hub.backends import OnProgress, Output
from aixplain.hub.backends.openai.embeddings import estimated, vectors_of
from aixplain.hub.backends.openai.messages import number
from aixplain.hub.backends.partial import report_partial
from aixplain.hub.backends.vendors.vendor import Vendor
from aixplain.hub.backends.whole import Whole
from aixplain.hub.side_loop import on_side_loop

if TYPE_CHECKING:
    from any_llm import AnyLLM

#: Texts that are asked about at once, where each is a request.
AT_ONCE = 8


class VendorEmbedding(Whole):
    """Gives the vector of a text; of several, a list of theirs."""

    def __init__(self, vendor: Vendor, model: str) -> None:
        self._vendor = vendor
        self._model = model
        self._blends = False
        """Whether it makes one vector of several texts, as newer models of Google do; found out when it does."""

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        wanted = self._vendor.dialect.length(number(inputs["dimensions"])) if "dimensions" in inputs else {}
        report_partial(lambda: estimated(inputs["text"]))
        return await on_side_loop(lambda: self._vectors(inputs["text"], wanted))

    async def _vectors(self, texts: str | list[str], wanted: dict[str, Any]) -> Output:
        async with self._vendor.asked() as client:
            if isinstance(texts, list) and self._blends:
                return await self._one_by_one(client, texts, wanted)
            answer = await client.aembedding(self._model, texts, **wanted)
            if isinstance(texts, list) and len(answer.data) == 1 < len(texts):
                self._blends = True
                return await self._one_by_one(client, texts, wanted)
        return self._output(answer.model_dump_json(), texts)

    async def _one_by_one(self, client: AnyLLM, texts: list[str], wanted: dict[str, Any]) -> Output:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(text: str) -> Output:
            async with turns:
                answer = await client.aembedding(self._model, text, **wanted)
            return self._output(answer.model_dump_json(), text)

        asking = [asyncio.ensure_future(one(text)) for text in texts]
        try:
            return Output([output.data for output in await asyncio.gather(*asking)])
        finally:
            for each in asking:  # the first failure is the answer, and the others would be asked and paid for
                each.cancel()

    def _output(self, body: str, texts: str | list[str]) -> Output:
        """The answer of a run. The library writes 0 for tokens that nobody told."""
        output = vectors_of(self._vendor, body.encode(), texts)
        return output if output.usage and output.usage.total_tokens else msgspec.structs.replace(output, usage=None)
