"""Files that callers sent up: a folder each, behind an address that nobody guesses."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from aixplain.hub.errors import Refusal

LARGEST_FILE = 300 * 1024 * 1024
_ADDRESS = re.compile(r"/files/([\w-]{22})/([^/]+)$")


class Files:
    """The uploads of one hub, under one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reserve(self, original_name: str) -> str:
        """A path, from the hub's root, that one file may be put to and got from."""
        token = secrets.token_urlsafe(16)
        (self._folder / token).mkdir(parents=True)
        return f"/files/{token}/{quote(_safe_name(original_name), safe='')}"

    def find(self, address: str) -> Path:
        """The file at one of this hub's addresses. Raises `Refusal` (404) when there is none."""
        found = _ADDRESS.search(urlsplit(address).path)
        path = self._folder / found[1] / _safe_name(unquote(found[2])) if found else None
        if path is None or not path.is_file():
            raise Refusal(404, "There is no such file on this hub; it may have expired. Send it up again.")
        return path

    async def write(self, address: str, chunks: AsyncIterator[bytes]) -> None:
        """Take the bytes of a reserved file, once, whole or not at all."""
        found = _ADDRESS.search(address)
        folder = self._folder / found[1] if found else None
        if found is None or folder is None or not folder.is_dir():
            raise Refusal(404, "No upload was announced for this address; ask for one at /sdk/file/upload/temp-url.")
        path, part = folder / _safe_name(found[2]), folder / ".part"
        if path.exists():
            raise Refusal(409, "There is a file at this address already; ask for a new address.")
        try:
            await _write_limited(part, chunks)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)


async def _write_limited(path: Path, chunks: AsyncIterator[bytes]) -> None:
    size = 0
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > LARGEST_FILE:
                raise Refusal(413, f"The file is larger than {LARGEST_FILE // 1024**2} MB.")
            file.write(chunk)


def _safe_name(name: str) -> str:
    """The last part of a name, without what a file system or a shell could trip over."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w. ()-]", "_", last).lstrip(".")[-120:] or "file"
