"""Keyword extraction, with yake-rust: the YAKE method, which needs no training."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from aixplain.hub.backends.functions import Input, Models, Output

models = Models()

LANGUAGES = tuple(
    [
        "ar",
        "bg",
        "br",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fa",
        "fi",
        "fr",
        "hi",
        "hr",
        "hu",
        "hy",
        "id",
        "it",
        "lt",
        "lv",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sv",
        "tr",
        "uk",
    ]
)


@models.model(
    "aixplain/keywords",
    function="keyword-extraction",
    developer="yake-rust",
    version=version("yake-rust"),
    license="MIT",
    languages=LANGUAGES,
)
def keywords(
    text: str,
    language: Annotated[str, Input(choices=LANGUAGES, description="The text's language")] = "en",
    count: Annotated[int, Input(ge=1, le=100, description="How many keywords")] = 10,
    longest: Annotated[int, Input(ge=1, le=4, description="How many words a keyword has at most")] = 3,
) -> Output:
    """Finds the keywords of a text, best first; the details have their scores, of which the lowest is the best."""
    from yake_rust import Yake

    found = Yake(language=language, ngrams=longest).get_n_best(text, n=count)
    scores = [{"keyword": keyword, "score": round(score, 6)} for keyword, score in found]
    return Output([each["keyword"] for each in scores], {"keywords": scores})
