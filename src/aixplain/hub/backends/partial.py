"""What a run has used so far: counted when its caller leaves, or when it fails in the middle.

A backend reports how to find it out before it starts; whoever records the run asks when the run ended early. Where a service
hasn't told its usage yet, tokens are estimated from the text: four characters are about one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import msgspec

from aixplain._wire.messages import Usage
from aixplain.hub.backends import Output

_CHARACTERS_PER_TOKEN = 4


class Meter:
    """The use of one run."""

    def __init__(self) -> None:
        self._read: Callable[[], Output] | None = None

    def report(self, read: Callable[[], Output]) -> None:
        """Ask this for what was used so far, from now on."""
        self._read = read

    def output(self) -> Output | None:
        """What came so far, with its usage; None when the model tells nothing of it, or did not start."""
        return None if self._read is None else self._read()


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)


def new_meter() -> Meter:
    """Begin to count a run, in the task that runs it."""
    meter = Meter()
    _meter.set(meter)
    return meter


def report_partial(read: Callable[[], Output]) -> None:
    """Say how to find out what this run has used so far. Cheap; called by backends before they ask a service."""
    meter = _meter.get()
    if meter is not None:
        meter.report(read)


def estimated_tokens(value: Any) -> int:
    """Estimate the tokens of a text, or of any value by its JSON.

    >>> estimated_tokens("Hello there")
    3
    """
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def estimated_usage(sent: Any, text: str) -> Usage:
    """Estimate the usage of a chat from what was sent and from the text that came."""
    prompt, completion = estimated_tokens(sent), estimated_tokens(text)
    return Usage(prompt, completion, prompt + completion)
