"""Transliteration to ASCII, with AnyAscii."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from aixplain.hub.backends.functions import Models

models = Models()


@models.model(
    "aixplain/transliterate",
    function="text-normalization",
    developer="AnyAscii",
    version=version("anyascii"),
    license="ISC",
    languages=("mul",),
)
def transliterate(text: str) -> Iterator[str]:
    """Writes a text of any script in plain ASCII letters: Ελλάδα as Ellada. Streams line by line."""
    from anyascii import anyascii

    for line in text.splitlines(keepends=True):
        yield anyascii(line)
