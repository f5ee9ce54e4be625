"""What a hub counts: plain numbers, added to in less than a microsecond, and read when somebody asks for them.

`endpoints/operations.py` writes them in the format of Prometheus. Labels are of a bounded number: routes and not paths,
and a name of their own for the first models only.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aixplain.hub.store.runs import Ending

Kind = Literal["at_once", "background", "stream"]
Labels = tuple[str, ...]

MOST_MODELS = 500
OTHER_MODELS = "(others)"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass
class Counter:
    """Numbers that grow, one for each set of labels."""

    name: str
    help: str
    labels: Sequence[str] = ()
    values: defaultdict[Labels, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, labels: Labels, amount: float = 1) -> None:
        """Count."""
        self.values[labels] += amount


@dataclass
class Histogram:
    """How often values fell between bounds, for each set of labels. A row is a count for each bound, those beyond, the sum."""

    name: str
    help: str
    labels: Sequence[str] = ()
    bounds: Sequence[float] = SECONDS
    rows: dict[Labels, list[float]] = field(default_factory=dict)

    def observe(self, labels: Labels, value: float) -> None:
        """Count a value."""
        row = self.rows.get(labels)
        if row is None:
            row = self.rows[labels] = [0] * (len(self.bounds) + 2)
        row[bisect.bisect_left(self.bounds, value)] += 1
        row[-1] += value


@dataclass
class Gauge:
    """A number that is looked up when it is asked for."""

    name: str
    help: str
    read: Callable[[], float]


class Metrics:
    """What one hub counts. Others may add theirs to `all`."""

    def __init__(self) -> None:
        self._models: set[str] = set()
        self.requests = Histogram(
            "aixplain_hub_request_seconds",
            "Requests by route, and the seconds until their answers had left, streams and held polls included.",
            ("method", "route", "status"),
        )
        self.runs = Histogram(
            "aixplain_hub_run_seconds",
            "Runs by model, kind (at_once, background, stream) and how they ended, and the seconds of their last attempts.",
            ("model", "kind", "state"),
        )
        self.tokens = Counter("aixplain_hub_tokens", "Tokens of runs, as their models told.", ("model", "direction"))
        self.credits = Counter("aixplain_hub_credits", "Credits of runs, as their models told.", ("model",))
        self.webhooks = Counter(
            "aixplain_hub_webhook_attempts", "Attempts to deliver webhooks, by their outcome.", ("outcome",)
        )
        self.all: list[Counter | Histogram | Gauge] = [
            self.requests,
            self.runs,
            self.tokens,
            self.credits,
            self.webhooks,
        ]

    def run_ended(self, model: str, kind: Kind, ending: Ending, seconds: float) -> None:
        """Count a run."""
        model = self._label(model)
        self.runs.observe((model, kind, ending.state), seconds)
        for direction, count in (("prompt", ending.prompt_tokens), ("completion", ending.completion_tokens)):
            if count:
                self.tokens.add((model, direction), count)
        if ending.credits:
            self.credits.add((model,), ending.credits)

    def _label(self, model: str) -> str:
        if model in self._models:
            return model
        if len(self._models) >= MOST_MODELS:
            return OTHER_MODELS
        self._models.add(model)
        return model
