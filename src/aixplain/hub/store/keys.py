"""The keys that may use a hub, whichever database they are in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import msgspec


class Limits(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much may be used: requests (`rpm`, `rpd`) and tokens (`tpm`, `tpd`) in a minute and in a day, `credits` in a month.

    Minutes, days and months are those of the clock, in UTC. None is no limit. Raises ValueError for a number that makes none.
    """

    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tpd: int | None = None
    credits: float | None = None

    def __post_init__(self) -> None:
        for name, limit in msgspec.structs.asdict(self).items():
            if limit is not None and not 0 < limit < math.inf:
                raise ValueError(f"The limit {name} is a number above zero, and not {limit}; without one there is no limit.")


NO_LIMITS = Limits()
LONGEST_NAME = 200
MOST_MODELS = 1000


class Key(msgspec.Struct, frozen=True):
    """What is known of a key; the key itself is not kept. Times are seconds since 1970.

    `hint` is enough of it to know it again. `models` are the ids and paths that it may use, and starts of paths such as
    `team/*`; None are all. `limits` hold for all its models together, `model_limits` for those at these paths. `used_at` is up
    to a minute late.
    Raises ValueError for a name or a model that is none.
    """

    id: str
    name: str
    hint: str = ""
    is_admin: bool = False
    models: tuple[str, ...] | None = None
    limits: Limits = NO_LIMITS
    model_limits: dict[str, Limits] = {}
    created_at: float = 0.0
    expires_at: float | None = None
    used_at: float | None = None
    revoked_at: float | None = None

    def __post_init__(self) -> None:
        if self.id and not (self.name.strip() and self.name.isprintable() and len(self.name) <= LONGEST_NAME):
            raise ValueError(
                f"A key has a name, of up to {LONGEST_NAME} characters in a line, and this has {self.name!r:.100}."
            )
        if self.models is not None and not all(word.strip() and word.isprintable() for word in self.models):
            raise ValueError(
                "A key's models are ids, paths and starts of paths such as team/*; one here is empty, or not printable."
            )
        if self.models is not None and len(self.models) > MOST_MODELS:
            raise ValueError(f"A key is for {MOST_MODELS:,} models at most, and this is for {len(self.models):,}.")

    def may_use(self, path: str, id: str) -> bool:
        """Whether a model is among its own.

        >>> key = Key("1", "ada", models=("team/*", "acme/shout"))
        >>> [key.may_use(path, "") for path in ("team/a", "acme/shout", "acme/shout-2", "teams/a")]
        [True, True, False, False]
        """
        return self.models is None or any(
            word in (path, id) or (word.endswith("*") and path.startswith(word[:-1])) for word in self.models
        )

    def is_good(self, now: float) -> bool:
        """It was not revoked, and has not expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit on anything."""
        return self.limits != NO_LIMITS or bool(self.model_limits)


class KeyConflict(ValueError):
    """A change that other keys rule out; the message is a sentence."""


class NameTaken(KeyConflict):
    """Another key that is not revoked has the name."""


class LastAdminKey(KeyConflict):
    """Without this key, no good key may administer. `force` makes the change all the same."""


class Standing(msgspec.Struct, frozen=True):
    """What names and administration depend on, of a key that is not revoked."""

    id: str
    name: str
    is_admin: bool
    expires_at: float | None

    def administers(self, now: float) -> bool:
        """Return True if it is an admin key that has not expired."""
        return bool(self.is_admin) and (self.expires_at is None or self.expires_at > now)


def check_name(key: Key, others: Iterable[Standing]) -> None:
    """Raise `NameTaken` if another key has this name. A key keeps its name: older hubs allowed the same one twice."""
    kept = {each.id: each for each in others}
    if key.id in kept and kept[key.id].name == key.name:
        return
    taken = next((each for each in kept.values() if each.name == key.name), None)
    if taken is not None:
        raise NameTaken(
            f"There is a key named '{key.name}' already ({taken.id}). "
            "Choose another name, or revoke that key first; its name is free then."
        )


def check_admin(id: str, after: Standing | None, keys: Iterable[Standing], now: float) -> None:
    """Raise `LastAdminKey` if this change of the key `id` (`after` is None: it is revoked) ends the last admin key.

    A new or earlier end counts, also in the future: the hub would be without an admin key from then on.
    """
    kept = {each.id: each for each in keys}
    before = kept.pop(id, None)
    if before is None or not before.administers(now) or any(each.administers(now) for each in kept.values()):
        return
    if after is None or not after.administers(now) or _end(after) < _end(before):
        raise LastAdminKey(
            f"The key '{before.name}' ({id}) is the last admin key of this hub; nobody could administer it then."
        )


def _end(key: Standing) -> float:
    return math.inf if key.expires_at is None else key.expires_at


class KeyStore(Protocol):
    """The keys. Every method raises `HubError` when the database can't be read or written."""

    async def add(self, key: Key, digest: bytes) -> None:
        """Keep a key. Raises `NameTaken`, also when two are added with one name concurrently."""
        ...

    async def find(self, digest: bytes) -> Key | None:
        """The key of this digest, also when it is not good any more."""
        ...

    async def any(self) -> bool:
        """Whether there ever was a key."""
        ...

    async def all(self) -> list[Key]:
        """The keys that were not revoked, the oldest first."""
        ...

    async def replace(self, key: Key, now: float, *, force: bool = False) -> bool:
        """Change what a key may do, its name and its end. False when there is none, or it was revoked.

        Raises `NameTaken`, and `LastAdminKey` without `force`.
        """
        ...

    async def revoke(self, id: str, now: float, *, force: bool = False) -> bool:
        """End a key for good; its row stays, for the ledger. False when there is none, or it was revoked.

        Raises `LastAdminKey` without `force`.
        """
        ...

    async def note_used(self, moments: dict[str, float]) -> None:
        """Note when keys, by their ids, were used last."""
        ...
