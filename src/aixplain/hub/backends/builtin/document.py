"""Text out of documents, with pypdf."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from aixplain.hub import Document, Input, ModelError, Models, progress

if TYPE_CHECKING:
    from pypdf import PdfReader

models = Models()

#: A small file can unfold to any amount of text.
MOST_CHARACTERS = 10_000_000


@models.model(
    "aixplain/document-text",
    function="document-information-extraction",
    developer="pypdf",
    version=version("pypdf"),
    license="BSD-3-Clause",
    languages=("mul",),
    asynchronous=True,
)
def document_text(
    document: Document,
    first_page: Annotated[int, Input(ge=1, description="The first page to read, counted from 1")] = 1,
    last_page: Annotated[int | None, Input(ge=1, description="The last page to read; all by default")] = None,
    password: Annotated[str | None, Input(description="The password of an encrypted document")] = None,
) -> Iterator[str]:
    """Reads the text of a PDF, in the background. Streams page by page; pictures of text have none to read."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of thousands of oddities in one file
    told = 0
    try:
        pages = _open(document, password).pages[first_page - 1 : last_page]
        if not pages:
            raise ModelError(f"The document has no pages from {first_page} to {last_page or 'its end'}.")
        for number, page in enumerate(pages, start=1):
            text = page.extract_text().strip() + "\n\n"
            told += len(text)
            if told > MOST_CHARACTERS:
                raise ModelError(
                    f"The document has more than {MOST_CHARACTERS:,} characters up to its page {first_page + number - 1}. "
                    "Read it in parts, with first_page and last_page."
                )
            yield text
            progress(number / len(pages))
    except (ModelError, MemoryError):
        raise
    except RecursionError as error:
        raise ModelError("The document is nested too deeply to be read.", 492) from error
    except Exception as error:  # the library meets a damaged or hostile file with any exception
        said = str(error) or type(error).__name__
        raise ModelError(f"The document is no PDF that can be read: {said:.200}", 492) from error


def _open(path: Path, password: str | None) -> PdfReader:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(path)
    try:
        if reader.is_encrypted and not reader.decrypt(password or ""):
            raise ModelError("The document is encrypted, and the password doesn't open it.", 492)
    except DependencyError as error:
        raise ModelError(f"The document is encrypted in a way that this hub can't open: {error}.", 492) from error
    return reader
