"""Files in PostgreSQL, in chunks, so that each machine has those that were sent up to another one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aixplain.hub.errors import HubError
from aixplain.hub.files import address_of, another_is_there, is_token, new_token, not_announced, safe_name
from aixplain.hub.files.folder import FolderFiles, write
from aixplain.hub.files.quota import Quota, counted
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool

_SQL = load("postgres", "files")

CHUNK_BYTES = 1_000_000
#: Seconds that a copy stays on a machine after it was last used there.
COPY_SECONDS = 600.0


class PostgresFiles:
    """The uploads of all hubs of a database: `Files`, with copies in a folder of those that are used on this machine."""

    def __init__(self, pool: Pool, folder: Path, quota: Quota = Quota()) -> None:  # noqa: B008 - it is frozen
        self._pool = pool
        self._quota = quota
        self._folder = folder
        self._copies = FolderFiles(folder)

    async def reserve(self, original_name: str, owner: str | None = None) -> str:
        """A path, from the hub's root, that one file may be put to and got from. Raises `Refusal`."""
        token, name = new_token(), safe_name(original_name)
        stored = await self._check(owner, 1)
        self._quota.check_announced(stored["announced"])
        await self._pool.count(_SQL["reserve"], token, name, owner)
        return address_of(token, name)

    async def get(self, token: str, name: str) -> Path | None:
        """The file of this name under the token, copied to this machine; None when there is none."""
        name = safe_name(name)
        if not is_token(token):
            return None
        found = await self._look(token, name)
        if found is None or found["part"] is None:
            return None
        if not await self._copies.want(token, name):
            await self._copy(found["part"], self._copies.make_folder(token) / name)
        return self._folder / token / name

    async def want(self, token: str, name: str) -> bool:
        """Count the age of a file that a run wants from now on. False when there is none."""
        return await self._pool.count(_SQL["want"], token, safe_name(name)) > 0

    async def put(self, token: str, name: str, chunks: AsyncIterator[bytes], size: int | None = None) -> None:
        """Take the bytes of a reserved file, once, whole or not at all. Raises `Refusal`."""
        name = safe_name(name)
        announced = await self._look(token, name) if is_token(token) else None
        if announced is None:
            raise not_announced()
        if announced["part"] is not None:
            await _compare(announced["digest"], counted(chunks, self._quota))
            return
        self._quota.check_file(size or 0)
        await self._check(announced["owner"], size or 0)
        await self._take(token, name, announced["owner"], counted(chunks, self._quota))

    async def _take(self, token: str, name: str, owner: str | None, chunks: AsyncIterator[bytes]) -> None:
        digest, part, added, kept = hashlib.sha256(), secrets.token_hex(16), 0, False
        try:
            async for number, chunk in _numbered(_even(chunks)):
                digest.update(chunk)
                await self._check(owner, len(chunk))
                if not await self._pool.count(_SQL["grow"], token, len(chunk)):
                    raise not_announced()  # its time was over meanwhile
                added += len(chunk)
                await self._pool.count(_SQL["add_chunk"], part, number, token, chunk)
            kept = await self._pool.count(_SQL["complete"], token, name, part, digest.digest()) > 0
            if not kept:
                found = await self._look(token, name)
                if found is None:
                    raise not_announced()
                if found["digest"] != digest.digest():
                    raise another_is_there()
        finally:
            if not kept:
                await self._pool.count(_SQL["drop_part"], part)
                await self._pool.count(_SQL["grow"], token, -added)

    async def _check(self, owner: str | None, more: int) -> Any:
        """What is stored, by all and by a key. Raises `Refusal` when so many bytes more are too many."""
        stored = await self._pool.row(_SQL["stored"], owner)
        self._quota.check_stored(own=None if owner is None else stored["own"] + more, total=stored["total"] + more)
        return stored

    async def sweep(self, kept: float) -> None:
        """Remove what was sent up, or announced, and was not wanted for so many seconds; and copies that are not used."""
        await self._copies.sweep(min(kept, COPY_SECONDS))
        await self._pool.count(_SQL["sweep"], kept, min(kept, self._quota.announced_kept))

    async def _look(self, token: str, name: str) -> Any:
        """What is noted of a file: which part it is, its digest, and who announced it; None when nobody did."""
        return await self._pool.row(_SQL["look"], token, name)

    async def _copy(self, part: str, path: Path) -> None:
        passing = path.with_name(f".{secrets.token_hex(8)}")
        try:
            await write(passing, self._chunks(part))
            passing.rename(path)
        except OSError as error:
            raise HubError(
                f"A file that was sent up can't be written here: {error}.", "A file that was sent up can't be written here."
            ) from error
        finally:
            passing.unlink(missing_ok=True)

    async def _chunks(self, part: str) -> AsyncIterator[bytes]:
        number = 0
        while (row := await self._pool.row(_SQL["chunk"], part, number)) is not None:
            yield row["bytes"]
            number += 1


async def _even(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in chunks of one size, of which the last may be smaller."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


async def _numbered(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    number = 0
    async for chunk in chunks:
        yield number, chunk
        number += 1


async def _compare(digest: bytes, chunks: AsyncIterator[bytes]) -> None:
    """Raise `Refusal` unless these bytes have this digest. None of them is kept."""
    found = hashlib.sha256()
    async for chunk in chunks:
        found.update(chunk)
    if found.digest() != digest:
        raise another_is_there()
