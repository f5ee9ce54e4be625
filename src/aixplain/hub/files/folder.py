"""Files in a folder of this machine, each in one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import filecmp
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from aixplain.hub.files import address_of, another_is_there, is_token, limited, new_token, not_announced, safe_name


class FolderFiles:
    """The uploads of one hub: `Files` under one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def reserve(self, original_name: str) -> str:
        """A path, from the hub's root, that one file may be put to and got from."""
        token = new_token()
        (self._folder / token).mkdir(parents=True)
        return address_of(token, safe_name(original_name))

    async def get(self, token: str, name: str) -> Path | None:
        """The file of this name under the token; None when there is none."""
        path = self._folder / token / safe_name(name)
        return path if is_token(token) and path.is_file() else None

    async def want(self, token: str, name: str) -> bool:
        """Count the age of a file that a run wants from now on. False when there is none."""
        path = await self.get(token, name)
        if path is None:
            return False
        with contextlib.suppress(FileNotFoundError):
            os.utime(path.parent)
        return True

    async def sweep(self, kept: float) -> None:
        """Remove what was sent up, or announced, and was not wanted for so many seconds."""
        await asyncio.to_thread(self._sweep, time.time() - kept)

    async def put(self, token: str, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Take the bytes of a reserved file, once, whole or not at all. Raises `Refusal`."""
        folder = self._folder / token
        if not is_token(token) or not folder.is_dir():
            raise not_announced()
        path, part = folder / safe_name(name), folder / f".{secrets.token_hex(8)}"
        try:
            await write(part, limited(chunks))
            if path.exists() and not await asyncio.to_thread(filecmp.cmp, path, part, shallow=False):
                raise another_is_there()
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)

    def _sweep(self, older_than: float) -> None:
        if not self._folder.is_dir():
            return
        for folder in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if folder.stat().st_mtime < older_than:
                    shutil.rmtree(folder)


async def write(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Write a file, a piece at a time."""
    with path.open("wb") as file:
        async for chunk in chunks:
            file.write(chunk)
