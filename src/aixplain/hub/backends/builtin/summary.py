"""Extractive summarization, with sumy; its sentences come from sentencex."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Annotated

from aixplain.hub import Input, ModelError, Models, Output
from aixplain.hub.backends.builtin.codes import either, iso, platform
from aixplain.hub.backends.builtin.sentences import sentences_of

models = Models()

#: The languages that sumy has stop words and a stemmer for, by code.
LANGUAGES = {
    "ar": "arabic",
    "cs": "czech",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "he": "hebrew",
    "it": "italian",
    "pt": "portuguese",
    "sk": "slovak",
    "sv": "swedish",
    "uk": "ukrainian",
}
#: The time is quadratic in sentences; so many take some seconds.
MOST_SENTENCES = 1000
METHODS = ("lex-rank", "text-rank", "lsa")


@models.model(
    "aixplain/summarize",
    function="text-summarization",
    developer="sumy",
    version=version("sumy"),
    license="Apache-2.0",
    languages=platform(LANGUAGES),
)
def summarize(
    text: Annotated[str, Input(longest=100_000)],
    sentences: Annotated[int, Input(ge=1, le=100, description="How many sentences to keep")] = 3,
    language: Annotated[str, Input(choices=either(LANGUAGES), description="The text's language")] = "en",
    method: Annotated[str, Input(choices=METHODS, description="How sentences are ranked")] = "lex-rank",
) -> Output:
    """Summarization: keeps the sentences of a text that say the most, in their order; the raw data lists them."""
    found = list(sentences_of(text, language))
    if not found:
        raise ModelError("The text has no sentence to keep.")
    if len(found) > MOST_SENTENCES:
        raise ModelError(
            f"The text has {len(found):,} sentences. All are compared with one another, which is done for {MOST_SENTENCES:,} "
            "at most. Summarize it in parts."
        )
    kept = found if len(found) <= sentences else _best(found, sentences, method, LANGUAGES[iso(language)])
    return Output(" ".join(kept), {"sentences": kept})


class _Words:
    """The tokenizer that sumy asks for words; its own would download data."""

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(re.findall(r"[^\W\d_]+", sentence))


def _best(sentences: list[str], count: int, method: str, language: str) -> list[str]:
    import numpy
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
    from sumy.nlp.stemmers import Stemmer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.lsa import LsaSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer
    from sumy.utils import get_stop_words

    kinds = {"lex-rank": LexRankSummarizer, "text-rank": TextRankSummarizer, "lsa": LsaSummarizer}
    summarizer = kinds[method](Stemmer(language))
    summarizer.stop_words = get_stop_words(language)
    document = ObjectDocumentModel([Paragraph([Sentence(sentence, _Words()) for sentence in sentences])])
    with numpy.errstate(all="ignore"):  # sentences of stop words alone have no rank
        return [str(sentence) for sentence in summarizer(document, count)] or sentences[:count]
