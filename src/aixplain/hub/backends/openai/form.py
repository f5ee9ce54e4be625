"""A file and a few words as the form that services take files in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

PIECE = 256 * 1024


class Form:
    """The body of a post with one file, which is read while it is sent."""

    def __init__(self, fields: Mapping[str, str], file: Path) -> None:
        self._boundary = secrets.token_hex(16)
        self._file = file
        name = file.name.replace('"', "_")
        parts = [self._part(f'name="{field}"') + value.encode() + b"\r\n" for field, value in fields.items()]
        parts.append(self._part(f'name="file"; filename="{name}"', "content-type: application/octet-stream\r\n"))
        self._head = b"".join(parts)
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """The header that says how to read it."""
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self._head) + self._file.stat().st_size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        with self._file.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
        yield self._tail

    def _part(self, named: str, more: str = "") -> bytes:
        return f"--{self._boundary}\r\ncontent-disposition: form-data; {named}\r\n{more}\r\n".encode()
