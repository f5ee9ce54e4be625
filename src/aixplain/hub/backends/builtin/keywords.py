"""Keyword extraction, with yake-rust: the YAKE method, which needs no training."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from aixplain.hub import Input, ModelError, Models, Output
from aixplain.hub.backends.builtin.codes import either, iso, platform

models = Models()

#: What the library has stop words for, and finds words in.
# fmt: off
LANGUAGES = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "hi", "hr", "hu", "hy", "id", "it", "lt", "lv",
    "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk",
)
# fmt: on


@models.model(
    "aixplain/keywords",
    function="keyword-extraction",
    developer="yake-rust",
    version=version("yake-rust"),
    license="MIT",
    languages=platform(LANGUAGES),
)
def keywords(
    text: Annotated[str, Input(longest=200_000)],
    language: Annotated[str, Input(choices=either(LANGUAGES), description="The text's language")] = "en",
    count: Annotated[int, Input(ge=1, le=100, description="How many keywords")] = 10,
    longest: Annotated[int, Input(ge=1, le=4, description="How many words a keyword has at most")] = 3,
) -> Output:
    """Keyword extraction: finds the keywords of a text, best first; the raw data has their scores, the lowest for the best."""
    from yake_rust import Yake

    code = "cz" if language == "cs" else iso(language)  # the library's own spelling
    try:
        found = Yake(language=code, ngrams=longest).get_n_best(text, n=count)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how a mistake in Rust arrives; it has no name that could be imported
            raise
        raise ModelError("The library finds no words in this text, such as one of apostrophes.") from error
    scores = [{"keyword": keyword, "score": round(score, 6)} for keyword, score in found]
    return Output([each["keyword"] for each in scores], {"keywords": scores})
