"""The keys of a hub at work: made, found by what a request carries, and known for half a second.

A key is 256 random bits, so one round of SHA-256 hides it as well as many would. Its id is the start of its digest.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable

from msgspec.structs import replace

from aixplain.hub.errors import HubError
from aixplain.hub.key_watch import End, KeyWatch
from aixplain.hub.store.keys import Key, KeyStore
from aixplain.hub.troubles import tell_trouble

PREFIX = "aixh_"
#: Seconds for which what the database said of a key goes on to hold.
KNOWN_SECONDS = 0.5
MOST_KNOWN = 10_000
NOTED_SECONDS = 60.0
#: Whoever asks a hub that has no keys, and its owner.
ANYONE = Key("", "", is_admin=True)


def new_secret() -> str:
    """A key that nobody guesses."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """What a key is found by."""
    return hashlib.sha256(secret.encode()).digest()


def id_of(digest: bytes) -> str:
    """The name of a key in rows and addresses: the start of its digest."""
    return digest.hex()[:16]


def hint_of(secret: str) -> str:
    """Enough of a key to know it again.

    >>> hint_of("aixh_3QvLq0GzTfW2")
    'aixh****TfW2'
    """
    return f"{secret[:4]}****{secret[-4:]}"


def _do_nothing() -> None:
    """End the watch of a key that lasts as long as the hub."""


async def make(store: KeyStore, wanted: Key) -> tuple[Key, str]:
    """Keep a new key that may what this one may. Gives it with the key itself, which nobody has from then on but its owner.

    Raises ValueError for a name that is none, `HubError`.
    """
    secret = new_secret()
    digest = digest_of(secret)
    key = replace(wanted, id=id_of(digest), hint=hint_of(secret), created_at=time.time())
    await store.add(key, digest)
    return key, secret


class Keyring:
    """Finds keys: the `fixed` ones that the hub was started with, which may all but administer, and those of the database.

    With the secret of its `owner`, a hub answers as if it had no keys. It is none of them: it closes the hub to nobody, unless
    the hub `is_closed` to all who have no key, its page too.
    """

    def __init__(self, store: KeyStore, fixed: Iterable[str], owner: str | None = None, *, is_closed: bool = False) -> None:
        self.store = store
        self._owner = None if owner is None else digest_of(owner)
        digests = map(digest_of, fixed)
        self._fixed = {digest: Key(id_of(digest), id_of(digest)) for digest in digests}
        self._known: dict[bytes, tuple[float, Key | None]] = {}
        self._asking: dict[bytes, asyncio.Task[Key | None]] = {}
        self.is_closed = is_closed
        self._any = is_closed or bool(self._fixed)
        self._looked_at = -KNOWN_SECONDS
        self._used: dict[str, float] = {}
        self._watch = KeyWatch(self._kept)

    async def wanted(self) -> bool:
        """Whether this hub wants a key. It does so for good once it had one: the end of the last key opens it to nobody."""
        if not self._any and time.monotonic() - self._looked_at >= KNOWN_SECONDS:
            self._any = await self.store.any()
            self._looked_at = time.monotonic()
        return self._any

    async def find(self, secret: str) -> Key | None:
        """The key, when it is good."""
        digest = digest_of(secret)
        if digest == self._owner:
            return ANYONE
        key = self._fixed.get(digest) or await self._kept(digest)
        now = time.time()
        if key is None or not key.is_good(now):
            return None
        self._used[key.id] = now
        return key

    def watch(self, secret: str, key: Key, end: End) -> Callable[[], None]:
        """End a request when its key, found by this secret, is not good any more; what this returns ends the watch."""
        digest = digest_of(secret)
        return _do_nothing if digest == self._owner or digest in self._fixed else self._watch.add(digest, key, end)

    async def _kept(self, digest: bytes) -> Key | None:
        until, key = self._known.get(digest, (0.0, None))
        if time.monotonic() < until:
            return key
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.ensure_future(self._ask(digest))
        return await asyncio.shield(asking)

    async def _ask(self, digest: bytes) -> Key | None:
        """What the database says, asked once for all who wait for it."""
        try:
            key = await self.store.find(digest)
        finally:
            del self._asking[digest]
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[digest] = time.monotonic() + KNOWN_SECONDS, key
        return key

    @contextlib.asynccontextmanager
    async def in_use(self) -> AsyncIterator[Keyring]:
        """Note now and then, as long as this lasts, which keys were used, and end the requests of those that are not good."""
        chores = [asyncio.create_task(self._keep_noting()), asyncio.create_task(self._watch.keep_looking())]
        try:
            yield self
        finally:
            for chore in chores:
                chore.cancel()
            await self._note()

    async def _keep_noting(self) -> None:
        while True:
            await asyncio.sleep(NOTED_SECONDS)
            await self._note()

    async def _note(self) -> None:
        used, self._used = self._used, {}
        try:
            if used:
                await self.store.note_used(used)
        except HubError as error:
            tell_trouble("when keys were used last can't be noted: %s", error)
