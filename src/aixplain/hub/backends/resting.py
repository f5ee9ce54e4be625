"""Which models are left alone for a while, because they failed."""

from __future__ import annotations

import time
from dataclasses import dataclass

#: So many failures in a row, and a model rests.
FAILURES = 3
#: Seconds of the first rest; each that follows without a success between is twice as long.
FIRST_REST, LONGEST_REST = 5.0, 120.0


@dataclass(slots=True)
class _State:
    failures: int = 0
    until: float = 0.0


class Resting:
    """Counts the failures of models, by their paths."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}

    def is_resting(self, path: str) -> bool:
        """Whether a model is to be left alone if another one is there."""
        state = self._states.get(path)
        return state is not None and time.monotonic() < state.until

    def failed(self, path: str, retry_after: float | None) -> None:
        """It failed; perhaps it said how long it wants to be left alone."""
        state = self._states.setdefault(path, _State())
        state.failures += 1
        rest = retry_after
        if rest is None and state.failures >= FAILURES:
            rest = FIRST_REST * 2.0 ** min(state.failures - FAILURES, 10)
        if rest is not None:
            state.until = time.monotonic() + min(rest, LONGEST_REST)

    def went_well(self, path: str) -> None:
        """It is good again."""
        self._states.pop(path, None)
