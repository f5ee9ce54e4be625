"""Spelling correction, with pyspellchecker.

Only within one letter: words two letters away take it a second each, which its own documentation warns of.
"""

from __future__ import annotations

import functools
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

from aixplain.hub import Input, Models, Output

if TYPE_CHECKING:
    from spellchecker import SpellChecker

models = Models()

LANGUAGES = ("ar", "de", "en", "es", "eu", "fa", "fr", "it", "lv", "nl", "pt", "ru")
LONGEST_WORD = 40
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@models.model(
    "aixplain/correct-spelling",
    function="text-normalization",
    developer="pyspellchecker",
    version=version("pyspellchecker"),
    license="MIT",
    languages=LANGUAGES,
)
def correct_spelling(
    text: Annotated[str, Input(longest=200_000)],
    language: Annotated[str, Input(choices=LANGUAGES, description="The text's language")] = "en",
    keep: Annotated[list[str] | None, Input(description="Words that are right as they are")] = None,
) -> Output:
    """Spelling correction: mends words with a letter wrong, missing, too many or swapped, and leaves names alone; the raw
    data lists what was changed."""
    kept = {word.lower() for word in keep or []}
    changed: list[dict[str, str]] = []

    def correct(found: re.Match[str]) -> str:
        word = found[0]
        better = word if _is_name(found) or word.lower() in kept else _corrected(word, language)
        if better != word:
            changed.append({"from": word, "to": better})
        return better

    return Output(_WORD.sub(correct, text), {"changed": changed})


def _is_name(found: re.Match[str]) -> bool:
    """A capital inside a sentence is a name's, or an abbreviation's."""
    word, before = found[0], found.string[: found.start()].rstrip()
    return word[1:] != word[1:].lower() or (word[0].isupper() and bool(before) and before[-1] not in ".!?:")


def _corrected(word: str, language: str) -> str:
    checker = _checker(language)
    if len(word) > LONGEST_WORD or not checker.unknown([word]):
        return word
    better = checker.correction(word.lower()) or word
    return better.capitalize() if word[0].isupper() else better


@functools.cache
def _checker(language: str) -> SpellChecker:
    from spellchecker import SpellChecker

    return SpellChecker(language=language, distance=1)
