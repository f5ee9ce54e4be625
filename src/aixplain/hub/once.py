"""The same request, carried out once: who sends it again, by its idempotency key, gets the same answer.

A run in the background is held to its key by the database. A run that is answered at once is joined here while it goes on,
and answered from the database once it is over. A stream has one reader: another is refused while it goes on; when its reader
went away it ended there, and is begun anew; when it came to its end, the whole answer is given in one piece.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterator

from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.runs import Asked
from aixplain.hub.store.runs import Ending

LONGEST_KEY = 255


def asked(caller: str, key: str | None, *request: bytes) -> Asked:
    """Who asks for what, under which key. Raises `Refusal` for a key that is none."""
    if key is None:
        return Asked(caller)
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Refusal(
            400, f"An idempotency key is 1 to {LONGEST_KEY} printable ASCII characters; this one is not. Send another."
        )
    return Asked(caller, key, hashlib.sha256(b"\0".join(request)).digest())


def check_same(asked: Asked, digest: bytes | None) -> None:
    """Raise `Refusal` when the key was used with another request's digest."""
    if digest != asked.digest:
        raise Refusal(
            409,
            f"The idempotency key {asked.key!r} was used for another request to this model. "
            "A key stands for one request: send this one with a new key.",
        )


class Once:
    """The answers with a key that are being made now. The way in which an answer is asked for is in the request's digest."""

    def __init__(self) -> None:
        self._making: dict[tuple[str, str, str], tuple[bytes | None, asyncio.Future[Ending]]] = {}

    async def join(self, model: str, asked: Asked, make: Callable[[], Awaitable[Ending]]) -> Ending:
        """The answer that is being made for this key; it is made now when there is none."""
        if asked.key is None:
            return await make()
        made = self.going_on(model, asked)
        if made is not None:
            return await asyncio.shield(made)
        with self.noted(model, asked) as future:
            ending = await make()
            future.set_result(ending)
            return ending

    def going_on(self, model: str, asked: Asked) -> asyncio.Future[Ending] | None:
        """The answer that is being made for this key. Raises `Refusal` when the key stands for another request."""
        if asked.key is None or (making := self._making.get((asked.caller, model, asked.key))) is None:
            return None
        digest, future = making
        check_same(asked, digest)
        return future

    @contextlib.contextmanager
    def noted(self, model: str, asked: Asked) -> Iterator[asyncio.Future[Ending]]:
        """As long as this lasts, an answer for this key is being made: the future waits for it."""
        future: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        if asked.key is None:
            yield future
            return
        place = (asked.caller, model, asked.key)
        self._making[place] = asked.digest, future
        try:
            yield future
        finally:
            del self._making[place]
            if not future.done():
                future.set_exception(HubError("The hub could not end the run with this key. Send it again."))
                future.exception()  # perhaps nobody joined
