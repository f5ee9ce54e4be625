"""Text out of documents, with pypdf."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from aixplain.hub.backends.functions import Document, Input, ModelError, Models, progress

if TYPE_CHECKING:
    from pypdf import PdfReader

models = Models()


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
    """Reads the text of a PDF, page by page, in the background. Streams page by page; pictures of text have none to read."""
    pages = _open(document, password).pages[first_page - 1 : last_page]
    if not pages:
        raise ModelError(f"The document has no page {first_page}.")
    for number, page in enumerate(pages, start=1):
        yield page.extract_text().strip() + "\n\n"
        progress(number / len(pages))


def _open(path: Path, password: str | None) -> PdfReader:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(password or ""):
            raise ModelError("The document is encrypted, and the password doesn't open it.", 492)
    except PyPdfError as error:
        raise ModelError(f"The document is no PDF that can be read: {error}", 492) from error
    return reader
