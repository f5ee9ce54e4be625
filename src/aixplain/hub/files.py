"""Files that callers sent up: a folder each, behind an address that nobody guesses."""

from __future__ import annotations

import asyncio
import contextlib
import filecmp
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, unquote

from aixplain.hub.errors import Refusal

LARGEST_FILE = 300 * 1024 * 1024
LONGEST_NAME = 200  # bytes
_ADDRESS = re.compile(r"/files/([\w-]{22})/([^/?#]+)$", re.ASCII)
_TOKEN = re.compile(r"[\w-]{22}", re.ASCII)


class Files:
    """The uploads of one hub, under one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reserve(self, original_name: str) -> str:
        """A path, from the hub's root, that one file may be put to and got from."""
        token = secrets.token_urlsafe(16)
        (self._folder / token).mkdir(parents=True)
        return f"/files/{token}/{quote(_safe_name(original_name), safe='')}"

    def find(self, address: str) -> Path | None:
        """The file at one of this hub's addresses; None when there is none."""
        found = _ADDRESS.search(address)
        return self.get(found[1], unquote(found[2])) if found else None

    def get(self, token: str, name: str) -> Path | None:
        """The file of this name under the token; None when there is none."""
        path = self._folder / token / _safe_name(name)
        return path if _TOKEN.fullmatch(token) and path.is_file() else None

    def keep(self, path: Path) -> None:
        """Count the age of a file that a run wants from now on."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(path.parent)

    def sweep(self, older_than: float) -> None:
        """Remove what was sent up, or announced, and last wanted before this time, in seconds since 1970."""
        if not self._folder.is_dir():
            return
        for folder in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if folder.stat().st_mtime < older_than:
                    shutil.rmtree(folder)

    async def save(self, name: str, content: bytes) -> str:
        """Keep what a model made; gives its path, from the hub's root."""
        address = self.reserve(name)
        await asyncio.to_thread((self._folder / address.removeprefix("/files/")).write_bytes, content)
        return address

    async def put(self, token: str, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Take the bytes of a reserved file, once, whole or not at all. Raises `Refusal`.

        The same bytes may come again: their sender may not have heard that they arrived.
        """
        folder = self._folder / token
        if not _TOKEN.fullmatch(token) or not folder.is_dir():
            raise Refusal(404, "No upload was announced for this address; ask for one at /sdk/file/upload/temp-url.")
        path, part = folder / _safe_name(name), folder / f".{secrets.token_hex(8)}"
        try:
            await _write_limited(part, chunks)
            if path.exists() and not await asyncio.to_thread(filecmp.cmp, path, part, shallow=False):
                raise Refusal(409, "There is a file at this address already; ask for a new address.")
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
    """The last part of a name, without what a file system or a shell could trip over, and not too long for either."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w. ()-]", "_", last).encode()[-LONGEST_NAME:].decode(errors="ignore")
    return plain.lstrip(".") or "file"
