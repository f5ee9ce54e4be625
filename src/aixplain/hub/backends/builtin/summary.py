"""Extractive summarization, with sumy; its sentences come from sentencex."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Annotated, Any

from aixplain.hub.backends.functions import Input, ModelError, Models, Output

models = Models()

#: The languages that sumy has stop words and a stemmer for, by code.
LANGUAGES = {
    "cs": "czech",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
    "sv": "swedish",
}
METHODS = ("lex-rank", "text-rank", "lsa")


@models.model(
    "aixplain/summarize",
    function="text-summarization",
    developer="sumy",
    version=version("sumy"),
    license="Apache-2.0",
    languages=tuple(LANGUAGES),
)
def summarize(
    text: str,
    sentences: Annotated[int, Input(ge=1, le=100, description="How many sentences to keep")] = 3,
    language: Annotated[str, Input(choices=tuple(LANGUAGES), description="The text's language")] = "en",
    method: Annotated[str, Input(choices=METHODS, description="How sentences are ranked")] = "lex-rank",
) -> Output:
    """Keeps the sentences of a text that say the most, in their order; the details list them."""
    summarizer = _summarizer(method, LANGUAGES[language])
    kept = [str(sentence) for sentence in summarizer(_document(text, language), sentences)]
    if not kept:
        raise ModelError("The text has no sentence to keep.")
    return Output(" ".join(kept), {"sentences": kept})


class _Words:
    """The tokenizer that sumy asks for words; its own would download data."""

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(re.findall(r"[^\W\d_]+", sentence))


def _document(text: str, language: str) -> Any:
    import sentencex
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    words = _Words()
    paragraphs = (filter(None, map(str.strip, sentencex.segment(language, part))) for part in re.split(r"\n\s*\n", text))
    return ObjectDocumentModel([Paragraph([Sentence(" ".join(each.split()), words) for each in part]) for part in paragraphs])


def _summarizer(method: str, language: str) -> Any:
    from sumy.nlp.stemmers import Stemmer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.lsa import LsaSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer
    from sumy.utils import get_stop_words

    kinds = {"lex-rank": LexRankSummarizer, "text-rank": TextRankSummarizer, "lsa": LsaSummarizer}
    summarizer = kinds[method](Stemmer(language))
    summarizer.stop_words = get_stop_words(language)
    return summarizer
