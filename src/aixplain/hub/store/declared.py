"""What was declared to a hub beside the models of its code: upstreams, other aiXplains, aliases and prices."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Kind = Literal["upstream", "relay", "alias", "price"]


class Declared(msgspec.Struct, frozen=True):
    """One of them, by its kind and its name; `body` is JSON."""

    kind: Kind
    name: str
    body: bytes


class DeclaredStore(Protocol):
    """Keeps them. Every method raises `HubError` when the database can't be read or written."""

    async def all(self) -> list[Declared]:
        """All of them, in a lasting order."""
        ...

    async def put(self, declared: list[Declared]) -> None:
        """Keep these, in place of those of the same kind and name."""
        ...

    async def remove(self, kind: Kind, name: str) -> bool:
        """Forget one. False when there is none."""
        ...
