"""Text repair, with ftfy: mojibake, stray entities, odd widths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

from aixplain.hub import Input, Models

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
    text: Annotated[str, Input(longest=1_000_000)],
    uncurl_quotes: Annotated[bool, Input(description="Make curly quotes straight")] = True,
) -> Iterator[str]:
    """Text repair: mends a text that was decoded wrongly, with mojibake, HTML entities or odd widths. Streams line by line."""
    import ftfy

    config = ftfy.TextFixerConfig(uncurl_quotes=uncurl_quotes)
    for line in lines_of(text):
        yield ftfy.fix_text(line, config)


def lines_of(text: str) -> list[str]:
    """The lines, with their ends. Only LF ends one: mojibake holds U+0085 and its like, which `splitlines` would cut at."""
    return re.split(r"(?<=\n)", text)
