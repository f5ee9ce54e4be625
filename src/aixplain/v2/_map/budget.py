"""What a map may spend, and what its runs cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from aixplain.v2._flow import TransportFailure
from aixplain.v2.exceptions import APIError, BudgetReachedError, ConnectionLostError, FileUploadError, ValidationError

if TYPE_CHECKING:
    from aixplain.v2._map.plan import MapItem

#: Refusals that may be about a run that goes on, not about its post.
NOT_ABOUT_THE_POST = frozenset({404, 409, 410})


class Budget:
    """Credits that may be spent, and those that are.

    Unknown isn't zero: a run that doesn't tell what it cost is taken for the dearest that did. Until one has told, no more
    than `on_credit` runs are made. Runs on their way count as the dearest too, so that the budget is hardly overrun.

    >>> budget = Budget(1.0, on_credit=2)
    >>> budget.count(0.4)
    >>> budget.count(None)
    >>> budget.used, budget.admits(running=0), budget.admits(running=1)
    (0.8, True, False)
    """

    def __init__(self, limit: float | None, on_credit: int) -> None:
        self.limit = math.inf if limit is None else limit
        self._on_credit = math.inf if limit is None else on_credit
        self._told = 0.0
        self._untold = 0
        self._dearest: float | None = None

    def count(self, credits: float | UnsetType | None) -> None:
        """Add what a run cost: None when nobody tells, UNSET when nothing was run."""
        if credits is None:
            self._untold += 1
        elif credits is not UNSET:
            self._told += credits
            self._dearest = max(credits, self._dearest or 0.0)

    @property
    def used(self) -> float:
        """Credits that are used up."""
        return self._told + self._untold * (self._dearest or 0.0)

    def admits(self, running: int) -> bool:
        """Whether one more run may be started beside those that are running."""
        if self._dearest is None:
            return self.limit > 0 and self._untold + running < self._on_credit
        return self.used + running * self._dearest < self.limit

    def error(self, index: int) -> BudgetReachedError:
        """The error for a map that stops before this input."""
        spent = f"{self.used:.6g} of {self.limit:.6g} credits are used up"
        if self._dearest is None and self.limit > 0:
            spent = f"none of {self._untold} runs told what it cost, so a budget of {self.limit:.6g} credits can't be held"
        return BudgetReachedError(
            f"The map stopped before input {index}: {spent}. All runs that were started are finished, and what is done isn't "
            "lost: with a checkpoint file, a map with a larger budget, or with none, goes on from here.",
            budget=self.limit,
            used_credits=self.used,
        )


def credits_of(item: MapItem) -> float | UnsetType | None:
    """What the run of an item cost: None when nobody tells, UNSET when nothing was run."""
    if item.result is not None:
        return item.result.used_credits
    error = item.error
    if isinstance(error, APIError):
        return _credits_of_failure(error)
    never_left = isinstance(error, ConnectionLostError) and _never_left(error.__cause__)
    unsent = isinstance(error, ValidationError | FileUploadError | TypeError | ValueError)
    return UNSET if never_left or unsent else None


def _credits_of_failure(error: APIError) -> float | UnsetType | None:
    told: Any = error.response_data.get("usedCredits")
    if isinstance(told, int | float) and not isinstance(told, bool):
        return told
    status = error.attempts[-1].status if error.attempts else None  # a run that failed was not refused
    refused = status is not None and 400 <= status < 500 and status not in NOT_ABOUT_THE_POST
    return UNSET if refused else None


def _never_left(cause: BaseException | None) -> bool:
    return isinstance(cause, TransportFailure) and not cause.sent
