"""What was used, summed up from the ledger of the runs, whichever database it is in."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Part = Literal["day", "model", "key"]
PARTS: tuple[Part, ...] = ("day", "model", "key")


class UsageWanted(msgspec.Struct, frozen=True):
    """What is summed: runs that ended on the days from `since` and before `until`, asked for with a key, or with any (None).

    Days are counted from 1970, in UTC; `by` are the parts that have sums of their own.
    """

    since: int
    until: int
    by: tuple[Part, ...]
    caller: str | None = None


class Usage(msgspec.Struct, frozen=True):
    """A sum. Tokens and credits are those of the runs that told them, and None where none did; `seconds` they took together.

    A part that has no sums of its own is None.
    """

    day: int | None
    model: str | None
    key: str | None
    key_name: str | None
    runs: int
    finished: int
    canceled: int
    prompt_tokens: int | None
    completion_tokens: int | None
    credits: float | None
    seconds: float


class Spent(msgspec.Struct):
    """What a key used of one model: requests and tokens in this minute and on this day, credits in this month."""

    model: str
    requests_minute: int = 0
    requests_day: int = 0
    tokens_minute: int = 0
    tokens_day: int = 0
    credits_month: float = 0.0


class UsageStore(Protocol):
    """The sums. Every method raises `HubError` when the database can't be read."""

    async def sums(self, wanted: UsageWanted) -> list[Usage]:
        """The sums that are wanted, in the order of their parts."""
        ...
