"""Files in a folder of this machine, each in one of its own.

The folder of a file is named by its token. It holds a note of what was announced, the file once it came whole, and parts of
uploads that are on their way.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import filecmp
import logging
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import msgspec

from aixplain.hub.errors import Refusal
from aixplain.hub.files import address_of, another_is_there, is_token, new_token, not_announced, safe_name
from aixplain.hub.files.quota import Quota, Stored, counted
from aixplain.hub.private import create_private, make_private_folder, tighten_all

#: The disk is full, or what this user may have on it.
FULL = (errno.ENOSPC, errno.EDQUOT)
#: No name of a file begins with a dot.
NOTE = ".announced"


logger = logging.getLogger("aixplain.hub")


class Announced(msgspec.Struct):
    """What an upload was announced as: the name, and the id of the key; None for an output that the hub keeps."""

    name: str
    owner: str | None = None


class FolderFiles:
    """The uploads of one hub: `Files` under one folder."""

    def __init__(self, folder: Path, quota: Quota = Quota()) -> None:  # noqa: B008 - it is frozen
        self._folder = folder
        self._quota = quota
        self._stored: Stored | None = None
        self._looking = asyncio.Lock()
        tighten_all(folder)

    async def reserve(self, original_name: str, owner: str | None = None) -> str:
        """A path, from the hub's root, that one file may be put to and got from. Raises `Refusal`."""
        stored = await self._look()
        self._quota.check_announced(stored.announced[owner] if owner is not None else 0)
        self._check(stored, owner, 1)
        token, name = new_token(), safe_name(original_name)
        with create_private(self.make_folder(token) / NOTE) as file:
            file.write(msgspec.json.encode(Announced(name, owner)))
        stored.announced[owner] += 1
        return address_of(token, name)

    def make_folder(self, token: str) -> Path:
        """The folder of a token, made if there is none."""
        for folder in (self._folder, self._folder / token):
            with contextlib.suppress(FileExistsError):
                make_private_folder(folder)
        return self._folder / token

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
        """Remove what was sent up and not wanted for so many seconds, and what was announced and has not come in time."""
        now = time.time()
        async with self._looking:
            await asyncio.to_thread(self._sweep, now - kept, now - min(kept, self._quota.announced_kept))
            if self._stored is not None:
                self._stored = await asyncio.to_thread(self._count)

    async def put(self, token: str, name: str, chunks: AsyncIterator[bytes], size: int | None = None) -> None:
        """Take the bytes of a reserved file, once, whole or not at all. Raises `Refusal`."""
        folder, name = self._folder / token, safe_name(name)
        announced = _announced(folder) if is_token(token) else None
        if announced is None or announced.name != name:
            raise not_announced()
        path, part = folder / name, folder / f".{secrets.token_hex(8)}"
        if path.exists():
            await _compare(path, chunks)
            return
        self._quota.check_file(size or 0)
        owner, added = announced.owner, 0
        self._check(await self._look(), owner, size or 0)

        def note(more: int) -> None:
            nonlocal added
            stored = cast(Stored, self._stored)  # which was counted before this upload began
            self._check(stored, owner, more)
            stored.bytes[owner] += more
            added += more

        try:
            await write(part, counted(chunks, self._quota, note))
            if not path.exists():
                part.rename(path)  # nothing else writes here, so no other upload comes between
                added = 0
                cast(Stored, self._stored).announced[owner] -= 1
            elif not await asyncio.to_thread(filecmp.cmp, path, part, shallow=False):
                raise another_is_there()
        except FileNotFoundError as error:  # its time was over meanwhile
            raise not_announced() from error
        except OSError as error:
            if error.errno not in FULL:
                raise
            logger.error("an upload can't be kept: %s", error)
            raise Refusal(507, "The disk of this hub is full, so the file can't be kept. Send it again later.") from error
        finally:
            part.unlink(missing_ok=True)
            cast(Stored, self._stored).bytes[owner] -= added

    def _check(self, stored: Stored, owner: str | None, more: int) -> None:
        self._quota.check_stored(own=None if owner is None else stored.bytes[owner] + more, total=stored.total + more)

    async def _look(self) -> Stored:
        """What is stored; counted on the disk at first, and at each sweep from then on."""
        async with self._looking:
            if self._stored is None:
                self._stored = await asyncio.to_thread(self._count)
            return self._stored

    def _count(self) -> Stored:
        stored = Stored()
        for folder in self._folders():
            with contextlib.suppress(FileNotFoundError):
                announced = _announced(folder) or Announced("")
                files = [each for each in folder.iterdir() if each.name != NOTE]
                stored.bytes[announced.owner] += sum(each.stat().st_size for each in files)
                stored.announced[announced.owner] += not any(_is_whole(each) for each in files)
        return stored

    def _sweep(self, wanted_before: float, announced_before: float) -> None:
        for folder in self._folders():
            with contextlib.suppress(FileNotFoundError):
                files = list(folder.iterdir())
                if any(_is_whole(each) for each in files):
                    is_over = folder.stat().st_mtime < wanted_before
                else:  # what is on its way was written to a moment ago
                    is_over = max(each.stat().st_mtime for each in (folder, *files)) < announced_before
                if is_over:
                    shutil.rmtree(folder)

    def _folders(self) -> list[Path]:
        return [each for each in self._folder.iterdir() if is_token(each.name)] if self._folder.is_dir() else []


def _is_whole(path: Path) -> bool:
    """Whether this is a file that came, and no part and no note."""
    return not path.name.startswith(".")


def _announced(folder: Path) -> Announced | None:
    """What a folder was made for; None when there is no such folder, or nothing is noted in it."""
    try:
        return msgspec.json.decode((folder / NOTE).read_bytes(), type=Announced)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


async def _compare(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Raise `Refusal` unless these are the bytes of a file. None of them is written."""
    with path.open("rb") as file:
        async for chunk in chunks:
            if file.read(len(chunk)) != chunk:
                raise another_is_there()
        if file.read(1):
            raise another_is_there()


async def write(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Write a new file, a piece at a time."""
    with create_private(path) as file:
        async for chunk in chunks:
            file.write(chunk)
            file.flush()  # what is stored is counted by the size of files
