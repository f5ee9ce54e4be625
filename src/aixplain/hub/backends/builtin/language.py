"""Language identification, with py3langid."""

from __future__ import annotations

import functools
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

from aixplain.hub.backends.functions import Input, ModelError, Models, Output

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

models = Models()


@models.model(
    "aixplain/identify-language",
    function="language-identification",
    name="Identify language",
    developer="py3langid",
    version=version("py3langid"),
    license="BSD-3-Clause",
    languages=("mul",),
)
def identify_language(
    text: str,
    among: Annotated[list[str] | None, Input(description="Only these languages' codes, such as en and de")] = None,
    alternatives: Annotated[int, Input(ge=1, le=20, description="How many languages the details list")] = 3,
) -> Output:
    """Tells which of 140 languages a text is in, as its code; the details have the likeliest ones with their probabilities."""
    if not any(character.isalpha() for character in text):
        raise ModelError("The text has no letters, so it is in no language.")
    ranked = _identifier().rank(text)
    wanted = [(str(code), float(share)) for code, share in ranked if among is None or code in among]
    if not wanted:
        raise ModelError(f"None of {', '.join(among or [])} is known here. Codes are two letters, as in: en, de, ar.")
    total = sum(share for _, share in wanted) or 1.0
    likeliest = [{"language": code, "probability": round(share / total, 4)} for code, share in wanted[:alternatives]]
    return Output(likeliest[0]["language"], {"languages": likeliest})


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
