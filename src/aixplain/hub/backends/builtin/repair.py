"""Text repair, with ftfy: mojibake, stray entities, odd line breaks and widths."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

from aixplain.hub.backends.functions import Input, Models

models = Models()


@models.model(
    "aixplain/repair-text",
    function="text-reconstruction",
    developer="ftfy",
    version=version("ftfy"),
    license="Apache-2.0",
    languages=("mul",),
)
def repair_text(
    text: str,
    uncurl_quotes: Annotated[bool, Input(description="Make curly quotes straight")] = True,
) -> Iterator[str]:
    """Repairs a text that was decoded wrongly: mojibake, HTML entities, terminal escapes, odd widths. Streams line by line."""
    import ftfy

    config = ftfy.TextFixerConfig(uncurl_quotes=uncurl_quotes)
    for line in text.splitlines(keepends=True):
        yield ftfy.fix_text(line, config)
