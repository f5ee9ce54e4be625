"""How much keys may use: requests and tokens in a minute and in a day, credits in a month, of all models and of single ones.

A request is let in while the sum of its window is under the limit, and counts from then on. What it used is known when it ends
and is added then, so that the last ones let in may go over a limit of tokens or credits. The windows are the minutes, days
and months of the clock, in UTC: nothing is reserved, and so nothing has to be given back.
"""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from aixplain.hub.errors import Refusal
from aixplain.hub.store.keys import NO_LIMITS, Key, Limits
from aixplain.hub.store.runs import Ending
from aixplain.hub.store.usage import Spent

MINUTE, DAY = 60.0, 86400.0
#: What stands for the models together, where a model's path would.
ALL = ""


class Limiter(Protocol):
    """Counts what keys use, and keeps them within their limits. Raises `HubError` when the database can't be used."""

    async def admit(self, key: Key, model: str) -> None:
        """Count a request for a model, unless the key has used up what it may. Raises `Refusal`, and counts nothing then."""
        ...

    async def so_far(self, key: Key) -> dict[str, Spent]:
        """What a key used of each model, and of `ALL` of them."""
        ...


class Windows(NamedTuple):
    """The windows that a moment is in: the minute and the day by their numbers since 1970, the month by its first day's."""

    minute: int
    day: int
    month: int

    @classmethod
    def at(cls, now: float) -> Windows:
        """Those of a moment, in seconds since 1970.

        >>> Windows.at(1_772_323_200.0)  # the first moment of March 2026
        Windows(minute=29538720, day=20513, month=20513)
        """
        return _windows(int(now // MINUTE))


@functools.lru_cache(maxsize=8)
def _windows(minute: int) -> Windows:
    day = int(minute * MINUTE // DAY)
    return Windows(minute, day, _month_of(day)[0])


class _Rule(NamedTuple):
    limit: str
    spent: str
    told: str
    ends_in: Callable[[float], float]


def _end_of_month(now: float) -> float:
    return _month_of(int(now // DAY))[1] * DAY - now


RULES = (
    _Rule("rpm", "requests_minute", "requests of this minute", lambda now: MINUTE - now % MINUTE),
    _Rule("rpd", "requests_day", "requests of this day", lambda now: DAY - now % DAY),
    _Rule("tpm", "tokens_minute", "tokens of this minute", lambda now: MINUTE - now % MINUTE),
    _Rule("tpd", "tokens_day", "tokens of this day", lambda now: DAY - now % DAY),
    _Rule("credits", "credits_month", "credits of this month", _end_of_month),
)


def check(key: Key, model: str, total: Spent, own: Spent, now: float) -> None:
    """Raise `Refusal` when a key has used up what it may, of a model or of all of them."""
    model_limits = key.model_limits.get(model, NO_LIMITS)
    if _is_within(key.limits, total) and _is_within(model_limits, own):
        return
    over = [*_over(key.limits, total, now), *_over(model_limits, own, now)]
    seconds, told = max(over)
    raise Refusal(429, f"The key '{key.name}' has used its {told}. It may go on in {math.ceil(seconds)} seconds.", seconds)


_spent = operator.attrgetter(*(rule.spent for rule in RULES))


def _is_within(limits: Limits, spent: Spent) -> bool:
    return limits is NO_LIMITS or all(map(operator.lt, _spent(spent), _most(limits)))


@functools.lru_cache(maxsize=1024)
def _most(limits: Limits) -> tuple[float, ...]:
    """The limits in the order of the rules; infinity for none."""
    told = (getattr(limits, rule.limit) for rule in RULES)
    return tuple(math.inf if limit is None else limit for limit in told)


def _over(limits: Limits, spent: Spent, now: float) -> Iterator[tuple[float, str]]:
    """What was used up: the seconds until there is more, and what it is."""
    for rule in RULES:
        limit = getattr(limits, rule.limit)
        if limit is not None and getattr(spent, rule.spent) >= limit:
            of_model = f" for the model {spent.model}" if spent.model else ""
            yield rule.ends_in(now), f"{limit:,} {rule.told}{of_model} ({rule.limit})"


class MemoryLimiter:
    """A `Limiter` for the only process that uses a database: it counts in memory, from what the ledger tells at first.

    `ledger` gives what a key used, by its id, in the minute that began at a time, on a day and in the month from a day on.
    A day that is over, or was set, is counted from the ledger anew.
    """

    def __init__(self, ledger: Callable[[str, float, int, int], list[Spent]]) -> None:
        self._ledger = ledger
        self._counts: dict[str, _Counts] = {}

    async def admit(self, key: Key, model: str) -> None:
        """Count a request for a model, unless the key has used up what it may. Raises `Refusal`, and counts nothing then."""
        if not key.is_limited:
            self._counts.pop(key.id, None)
            return
        now = time.time()
        counts = self._counted(key.id, now)
        total, own = counts.of(ALL), counts.of(model)
        check(key, model, total, own, now)
        for spent in (total, own):
            spent.requests_minute += 1
            spent.requests_day += 1

    def add(self, caller: str, model: str, ending: Ending) -> None:
        """Add what a run used, by the key that it was asked with; it is in the ledger by now, or in a moment."""
        counts = self._counts.get(caller)
        if counts is None or not counts.turned(Windows.at(time.time())):
            return
        tokens = (ending.prompt_tokens or 0) + (ending.completion_tokens or 0)
        for spent in (counts.of(ALL), counts.of(model)):
            spent.tokens_minute += tokens
            spent.tokens_day += tokens
            spent.credits_month += ending.credits or 0.0

    async def so_far(self, key: Key) -> dict[str, Spent]:
        """What a key used of each model, and of `ALL` of them."""
        now = time.time()
        counts = self._counted(key.id, now) if key.is_limited else self._read(key.id, Windows.at(now))
        counts.of(ALL)
        return counts.spent

    def _counted(self, id: str, now: float) -> _Counts:
        windows = Windows.at(now)
        counts = self._counts.get(id)
        if counts is None or not counts.turned(windows):
            counts = self._counts[id] = self._read(id, windows)
        return counts

    def _read(self, id: str, windows: Windows) -> _Counts:
        return _Counts(windows, self._ledger(id, windows.minute * MINUTE, windows.day, windows.month))


class _Counts:
    """What one key used, model by model and in all."""

    __slots__ = ("_windows", "spent")

    def __init__(self, windows: Windows, spent: list[Spent]) -> None:
        self._windows = windows
        self.spent = {each.model: each for each in spent}
        if spent:
            names = [name for name in Spent.__struct_fields__ if name != "model"]
            self.spent[ALL] = Spent(ALL, *(sum(getattr(each, name) for each in spent) for name in names))

    def of(self, model: str) -> Spent:
        """What was used of a model, or of `ALL`."""
        found = self.spent.get(model)
        if found is None:
            found = self.spent[model] = Spent(model)
        return found

    def turned(self, windows: Windows) -> bool:
        """Begin another minute if it is one. False when it is another day, for which this doesn't count."""
        if windows is self._windows or windows == self._windows:
            return True
        if windows.day != self._windows.day:
            return False
        self._windows = windows
        for spent in self.spent.values():
            spent.requests_minute = spent.tokens_minute = 0
        return True


@functools.lru_cache(maxsize=8)
def _month_of(day: int) -> tuple[int, int]:
    """The first day of the month that a day is in, and that of the next one."""
    first = datetime.fromtimestamp(day * DAY, UTC).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return int(first.timestamp() // DAY), int(following.timestamp() // DAY)
