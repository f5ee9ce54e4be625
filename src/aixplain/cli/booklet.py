"""A PDF of many pages for the demo: Python's own help, which every Python brings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

LINES_ON_A_PAGE = 56


def write_booklet(path: Path) -> None:
    """Write Python's help on its topics as a PDF, as section 7.5 of ISO 32000 lays one out."""
    texts = list(_pages())
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(texts)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(texts)} /Kids [{kids}] /MediaBox [0 0 595 842] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    for number, lines in enumerate(texts):
        content = "BT /F1 10 Tf 14 TL 40 800 Td " + " ".join(f"({_escaped(line)}) '" for line in lines) + " ET"
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /Contents {5 + 2 * number} 0 R {fonts} >>")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    path.write_bytes(_file(objects))


def _pages() -> Iterator[list[str]]:
    from pydoc_data.topics import topics

    lines = (line for name in sorted(topics) for line in [name.upper(), *topics[name].splitlines(), ""])
    wrapped = (part for line in lines for part in textwrap.wrap(line, 84) or [""])
    return iter(lambda: list(islice(wrapped, LINES_ON_A_PAGE)), [])


def _escaped(line: str) -> str:
    ascii_only = line.encode("ascii", "replace").decode()
    return ascii_only.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: list[str]) -> bytes:
    """The objects with the table of where each starts."""
    body = bytearray(b"%PDF-1.4\n")
    starts = []
    for number, content in enumerate(objects, start=1):
        starts.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("ascii")
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return bytes(body) + (end + trailer).encode("ascii")
