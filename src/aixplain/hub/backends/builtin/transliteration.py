"""Transliteration to ASCII, with AnyAscii."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

from aixplain.hub import Input, Models
from aixplain.hub.backends.builtin.repair import lines_of

models = Models()


@models.model(
    "aixplain/transliterate",
    function="text-normalization",
    developer="AnyAscii",
    version=version("anyascii"),
    license="ISC",
    languages=("mul",),
)
def transliterate(text: Annotated[str, Input(longest=1_000_000)]) -> Iterator[str]:
    """Transliteration: writes a text of any script in plain ASCII letters, Ελλάδα as Ellada. Streams line by line."""
    from anyascii import anyascii

    for line in lines_of(text):
        yield anyascii(line)
