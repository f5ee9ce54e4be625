"""Files in PostgreSQL, in chunks, so that each machine has those that were sent up to another one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from aixplain.hub.errors import HubError
from aixplain.hub.files import address_of, another_is_there, is_token, limited, new_token, not_announced, safe_name
from aixplain.hub.files.folder import FolderFiles, write
from aixplain.hub.store.named import load
from aixplain.hub.store.postgres.pool import Pool

_SQL = load("postgres", "files")

CHUNK_BYTES = 1_000_000
#: Seconds that a copy stays on a machine after it was last used there.
COPY_SECONDS = 600.0


class PostgresFiles:
    """The uploads of all hubs of a database: `Files`, with copies in a folder of those that are used on this machine."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool = pool
        self._folder = folder
        self._copies = FolderFiles(folder)

    async def reserve(self, original_name: str) -> str:
        """A path, from the hub's root, that one file may be put to and got from."""
        token, name = new_token(), safe_name(original_name)
        await self._pool.count(_SQL["reserve"], token, name)
        return address_of(token, name)

    async def get(self, token: str, name: str) -> Path | None:
        """The file of this name under the token, copied to this machine; None when there is none."""
        name = safe_name(name)
        if not is_token(token):
            return None
        part, _ = await self._look(token, name) or (None, None)
        if part is None:
            return None
        if not await self._copies.want(token, name):
            (self._folder / token).mkdir(parents=True, exist_ok=True)
            await self._copy(part, self._folder / token / name)
        return self._folder / token / name

    async def want(self, token: str, name: str) -> bool:
        """Count the age of a file that a run wants from now on. False when there is none."""
        return await self._pool.count(_SQL["want"], token, safe_name(name)) > 0

    async def put(self, token: str, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Take the bytes of a reserved file, once, whole or not at all. Raises `Refusal`."""
        name = safe_name(name)
        if not is_token(token) or await self._look(token, name) is None:
            raise not_announced()
        part, kept = secrets.token_hex(16), False
        try:
            digest = await self._write(token, part, limited(chunks))
            kept = await self._pool.count(_SQL["complete"], token, name, part, digest) > 0
            _, there = await self._look(token, name) or (None, digest)
            if there != digest:
                raise another_is_there()
        finally:
            if not kept:
                await self._pool.count(_SQL["drop_part"], part)

    async def sweep(self, kept: float) -> None:
        """Remove what was sent up, or announced, and was not wanted for so many seconds; and copies that are not used."""
        await self._copies.sweep(min(kept, COPY_SECONDS))
        await self._pool.count(_SQL["sweep"], kept)

    async def _look(self, token: str, name: str) -> tuple[str | None, bytes | None] | None:
        """Which part the file is, and its digest; None when it was not announced."""
        found = await self._pool.row(_SQL["look"], token, name)
        return None if found is None else (found["part"], found["digest"])

    async def _write(self, token: str, part: str, chunks: AsyncIterator[bytes]) -> bytes:
        digest, number = hashlib.sha256(), 0
        async for chunk in _even(chunks):
            digest.update(chunk)
            await self._pool.count(_SQL["add_chunk"], part, number, token, chunk)
            number += 1
        return digest.digest()

    async def _copy(self, part: str, path: Path) -> None:
        passing = path.with_name(f".{secrets.token_hex(8)}")
        try:
            await write(passing, self._chunks(part))
            passing.rename(path)
        except OSError as error:
            raise HubError(f"A file that was sent up can't be written here: {error}.") from error
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
