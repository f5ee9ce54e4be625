"""Open streams, held polls and other long requests end when their key is revoked or expires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.store.keys import Key
from aixplain.hub.troubles import tell_trouble

#: Seconds between two looks at the keys of open requests.
LOOK_SECONDS = 2.0
ENDED = "The key of this request was revoked or has expired, so the request was ended. Use another key."
#: Ends a request.
End = Callable[[], None]


class KeyEnded(Refusal):
    """A request was ended because its key was revoked or has expired."""

    def __init__(self) -> None:
        super().__init__(401, ENDED)


class KeyWatch:
    """The open requests by their keys, which `find` looks up by their digests."""

    def __init__(self, find: Callable[[bytes], Awaitable[Key | None]]) -> None:
        self._find = find
        self._open: dict[bytes, tuple[Key, set[End]]] = {}

    def add(self, digest: bytes, key: Key, end: End) -> Callable[[], None]:
        """Watch a request, until what this returns is called."""
        _, ends = self._open.setdefault(digest, (key, set()))
        ends.add(end)

        def leave() -> None:
            ends.discard(end)
            if not ends and self._open.get(digest, (key, None))[1] is ends:
                del self._open[digest]

        return leave

    async def keep_looking(self) -> None:
        """End requests whose key is not good any more, until this is canceled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for digest, (key, ends) in list(self._open.items()):
                if not await self._is_good(digest, key):
                    for end in list(ends):
                        end()

    async def _is_good(self, digest: bytes, key: Key) -> bool:
        """Whether a key is good, as far as is known while the database is away."""
        try:
            found = await self._find(digest)
        except HubError as error:
            tell_trouble("keys of open requests can't be looked up: %s", error)
            found = key
        return found is not None and found.is_good(time.time())
