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

#: Characters of a paragraph that are read at once, and those behind a sentence without which its end is not certain.
WINDOW, CONTEXT = 10_000, 500
#: Characters of a sentence that is not searched for its end any further.
LONGEST = 160_000


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
    for paragraph in re.split(r"\n\s*\n", text):
        yield from filter(None, (" ".join(sentence.split()) for sentence in _segments(paragraph, iso(language))))


def _segments(paragraph: str, code: str) -> Iterator[str]:
    """The sentences of a paragraph, with all their spaces. A long paragraph is read in windows, because the library takes
    time that is quadratic in sentences; what ends near the end of a window is read again with what follows.
    """
    segment = importlib.import_module("sentencex").segment  # made in Rust, where no type checker sees it
    at, size = 0, WINDOW
    while at < len(paragraph):
        found = segment(code, paragraph[at : at + size])
        if at + size < len(paragraph) and size < LONGEST:
            found = _settled(found)
            if not found:
                size *= 2  # one sentence, longer than that
                continue
        yield from found
        at, size = at + sum(map(len, found)), WINDOW


def _settled(found: list[str]) -> list[str]:
    """The sentences that what follows doesn't change: those that end `CONTEXT` characters before the end."""
    left = 0
    while found and left < CONTEXT:
        left += len(found[-1])
        found = found[:-1]
    return found
