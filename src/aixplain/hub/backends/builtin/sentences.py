"""Sentence segmentation, with sentencex of the Wikimedia Foundation."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

from aixplain.hub.backends.functions import Input, Models

models = Models()


@models.model(
    "aixplain/split-sentences",
    function="text-segmenation",  # the platform's own spelling
    developer="sentencex",
    version=version("sentencex"),
    license="MIT",
    languages=("mul",),
)
def split_sentences(
    text: str,
    language: Annotated[str, Input(description="The text's language, as its code")] = "en",
) -> Iterator[str]:
    """Splits a text into sentences, one a line, by the rules of some 300 languages. Streams sentence by sentence."""
    import sentencex

    for paragraph in text.splitlines():
        for sentence in sentencex.segment(language, paragraph):
            if stripped := sentence.strip():
                yield stripped + "\n"
