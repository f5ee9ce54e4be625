"""Which inputs of the built-in models are short, by measurement: the worst of them take a thread less than 0.1 seconds.

Measured with two cores on texts of one repeated letter, of Chinese without spaces, of emoji, of sentences of one sign, of very
long and of misspelt words. The library of sentence segmentation is quadratic in sentences and holds the interpreter lock
(`"日。" * 333_000` took two minutes, and takes three seconds in windows), summarization is quadratic in sentences, keyword
extraction in addresses, and spelling takes 0.5 ms a word; the others are linear. The most characters that a model takes at all
are declared by its inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aixplain.hub.backends.bounded import Bounds

#: What may end a sentence: anything but letters, digits, spaces and what stands inside of sentences.
_ENDS = re.compile(r"[^\w \t\r,;:'’\"()-]")
SHORT_SENTENCES = 60


def shorter_than(limit: int) -> Callable[[dict[str, Any]], bool]:
    """Tells whether the texts of a run, all together, have fewer characters than this."""

    def is_short(inputs: dict[str, Any]) -> bool:
        return _size(inputs, limit) < limit

    return is_short


def _size(inputs: dict[str, Any], enough: int) -> int:
    """The characters of the inputs; counted no further than to `enough`."""
    size = 0
    for value in inputs.values():
        for text in value if isinstance(value, list) else (value,):
            size += len(text) + 1 if isinstance(text, str) else 1
            if size >= enough:
                return size
    return size


def has_few_sentences(inputs: dict[str, Any]) -> bool:
    """Whether a text is short, and has few sentences."""
    return _size(inputs, 4000) < 4000 and len(_ENDS.findall(inputs["text"])) <= SHORT_SENTENCES


def is_never_short(inputs: dict[str, Any]) -> bool:
    """False: how long a document takes can't be seen from outside."""
    return False


BOUNDS = {
    "aixplain/document-text": Bounds(is_never_short, seconds=120.0),
    "aixplain/keywords": Bounds(shorter_than(4000)),
    "aixplain/identify-language": Bounds(shorter_than(20_000)),
    "aixplain/repair-text": Bounds(shorter_than(4000)),
    "aixplain/split-sentences": Bounds(shorter_than(4000)),
    "aixplain/sentiment": Bounds(shorter_than(10_000)),
    "aixplain/correct-spelling": Bounds(shorter_than(1000)),
    "aixplain/summarize": Bounds(has_few_sentences),
    "aixplain/transliterate": Bounds(shorter_than(20_000)),
}
