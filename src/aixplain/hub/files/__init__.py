"""Files that callers sent up: each behind an address that nobody guesses."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote

from aixplain.hub.backends import ModelError
from aixplain.hub.catalog import Entry
from aixplain.hub.errors import Refusal

LONGEST_NAME = 200  # bytes
_ADDRESS = re.compile(r"/files/([\w-]{22})/([^/?#]+)$", re.ASCII)
_TOKEN = re.compile(r"[\w-]{22}", re.ASCII)


class Files(Protocol):
    """The uploads of a hub. Every method raises `HubError` when they can't be reached."""

    async def reserve(self, original_name: str, owner: str | None = None) -> str:
        """A path, from the hub's root, that one file may be put to and got from; `owner` is the id of the key that sends it,
        None for what the hub keeps itself. Raises `Refusal` when there is no room.
        """
        ...

    async def put(self, token: str, name: str, chunks: AsyncIterator[bytes], size: int | None = None) -> None:
        """Take the bytes of a reserved file, once, whole or not at all; `size` is how many there are, if it is known. Raises
        `Refusal`.

        The same bytes may come again: their sender may not have heard that they arrived.
        """
        ...

    async def get(self, token: str, name: str) -> Path | None:
        """The file of this name under the token, on this machine; None when there is none."""
        ...

    async def want(self, token: str, name: str) -> bool:
        """Count the age of a file that a run wants from now on. False when there is none."""
        ...

    async def sweep(self, kept: float) -> None:
        """Remove what was sent up, or announced, and was not wanted for so many seconds."""
        ...


async def wanted(files: Files, entry: Entry, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a run that is accepted, with files by their address from the hub's root. Raises `Refusal`."""

    if entry.files.isdisjoint(inputs):
        return inputs

    async def look(address: str) -> str | None:
        place = _place_of(address)
        return address_of(*place) if place is not None and await files.want(*place) else None

    return await _replaced(entry, inputs, look)


async def at_hand(files: Files, entry: Entry, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a run that begins, with files by their path on this machine. Raises `Refusal`."""

    if entry.files.isdisjoint(inputs):
        return inputs

    async def fetch(address: str) -> str | None:
        place = _place_of(address)
        path = None if place is None else await files.get(*place)
        return None if path is None else str(path)

    return await _replaced(entry, inputs, fetch)


async def _replaced(entry: Entry, inputs: dict[str, Any], replace: Callable[[str], Awaitable[str | None]]) -> dict[str, Any]:
    async def each(address: Any) -> Any:
        if isinstance(address, list):
            return [await each(one) for one in address]
        found = await replace(address)
        if found is None:
            raise Refusal(
                492,
                f"The input file {address!r:.200} can't be read: this hub takes files that were sent up to it. "
                "Pass the file itself to the SDK or to aix (@file), which send it up.",
            )
        return found

    return {name: await each(value) if name in entry.files else value for name, value in inputs.items()}


async def save(files: Files, name: str, content: bytes) -> str:
    """Keep what a model made; gives its path, from the hub's root. Raises `ModelError` when there is no room."""

    async def whole() -> AsyncIterator[bytes]:
        yield content

    try:
        address = await files.reserve(name)
        _, _, token, _ = address.split("/")
        await files.put(token, safe_name(name), whole(), len(content))
    except Refusal as error:
        raise ModelError(f"The hub can't keep what the model made. {error.message}", error.status) from error
    return address


def new_token() -> str:
    """What nobody guesses."""
    return secrets.token_urlsafe(16)


def is_token(text: str) -> bool:
    """Whether a text may be a token."""
    return _TOKEN.fullmatch(text) is not None


def address_of(token: str, name: str) -> str:
    """The path of a file, from the hub's root."""
    return f"/files/{token}/{quote(name, safe='')}"


def _place_of(address: str) -> tuple[str, str] | None:
    found = _ADDRESS.search(address)
    return (found[1], safe_name(unquote(found[2]))) if found else None


def not_announced() -> Refusal:
    """What is said of an address that nobody reserved."""
    return Refusal(404, "No upload was announced for this address; ask for one at /sdk/file/upload/temp-url.")


def another_is_there() -> Refusal:
    """What is said of other bytes for an address that has its own."""
    return Refusal(409, "There is a file at this address already; ask for a new address.")


def safe_name(name: str) -> str:
    """The last part of a name, without what a file system or a shell could trip over, and not too long for either."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w. ()-]", "_", last).encode()[-LONGEST_NAME:].decode(errors="ignore")
    return plain.lstrip(".") or "file"
