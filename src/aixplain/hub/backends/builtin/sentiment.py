"""Sentiment analysis, with TextBlob's lexicon of English words."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from aixplain.hub import Input, ModelError, Models, Output

models = Models()


@models.model(
    "aixplain/sentiment",
    function="sentiment-analysis",
    developer="TextBlob",
    version=version("textblob"),
    license="MIT",
    languages=("en",),
)
def sentiment(
    text: Annotated[str, Input(longest=200_000)],
    threshold: Annotated[float, Input(ge=0, le=1, description="How far from 0 a polarity must be to count")] = 0.1,
) -> Output:
    """Sentiment analysis: tells whether an English text is POSITIVE, NEGATIVE or NEUTRAL; the raw data has its polarity."""
    from textblob.en.sentiments import PatternAnalyzer

    if not text.strip():
        raise ModelError("The text is empty.")
    found = PatternAnalyzer().analyze(text)
    polarity, subjectivity = round(found.polarity, 4), round(found.subjectivity, 4)
    return Output(_label(polarity, threshold), {"polarity": polarity, "subjectivity": subjectivity})


def _label(polarity: float, threshold: float) -> str:
    if abs(polarity) < threshold or polarity == 0:
        return "NEUTRAL"
    return "POSITIVE" if polarity > 0 else "NEGATIVE"
