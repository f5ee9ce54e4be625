"""Sentence segmentation, with sentencex of the Wikimedia Foundation."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

from aixplain.hub import Input, Models
from aixplain.hub.backends.builtin.codes import iso

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
    text: Annotated[str, Input(longest=1_000_000)],
    language: Annotated[str, Input(description="The text's language, as its code")] = "en",
) -> Iterator[str]:
    """Sentence segmentation: splits a text into its sentences, one a line, by the rules of some 300 languages. Streams."""
    for sentence in sentences_of(text, language):
        yield sentence + "\n"


def sentences_of(text: str, language: str) -> Iterator[str]:
    """The sentences of a text, paragraph by paragraph, each on one line."""
    segment = importlib.import_module("sentencex").segment  # made in Rust, where no type checker sees it
    for paragraph in re.split(r"\n\s*\n", text):
        yield from filter(None, (" ".join(sentence.split()) for sentence in segment(iso(language), paragraph)))
