"""The webhooks of the runs, whichever database they are in."""

from __future__ import annotations

from typing import Protocol

import msgspec

from aixplain.hub.store.runs import State


class Delivery(msgspec.Struct, frozen=True):
    """A run's ending that is to be told to the address `webhook`, for the time of this number."""

    run: str
    webhook: str
    caller: str
    state: State
    result: bytes
    ended_at: float
    number: int


class DeliveryAttempt(msgspec.Struct, frozen=True):
    """One time that an ending was told: when, for how long, and the answer's status or what kept it from coming."""

    number: int
    at: float
    seconds: float
    status: int | None
    error: str | None


class Webhook(msgspec.Struct, frozen=True):
    """How a run's webhook stands: the next time is `due_at`, 0 at once, None before the run ended and after the last one."""

    url: str
    due_at: float | None
    attempts: list[DeliveryAttempt]


class WebhookStore(Protocol):
    """The webhooks of the runs. Every method raises `HubError` when the database can't be read or written."""

    async def take(self, now: float, until: float, farthest: float, most: int) -> list[Delivery]:
        """Take up to `most` endings that are due, and put them off to `until`, for the case that whoever took them dies.

        Due is what was to be told by now, and, for a clock that was set back, what is not to be told before `farthest`.
        """
        ...

    async def next_due(self) -> float | None:
        """When the next ending is due."""
        ...

    async def note(self, run: str, attempt: DeliveryAttempt, again_at: float | None) -> None:
        """Note a time that an ending was told, and when it is told again, if it is."""
        ...

    async def find(self, run: str) -> Webhook | None:
        """The webhook of a run; None when it has none."""
        ...

    async def secret(self, name: str, new: bytes) -> bytes:
        """The secret of this name; the new one when there was none yet."""
        ...
