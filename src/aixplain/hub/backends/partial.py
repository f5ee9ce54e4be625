"""What a run has used so far: counted when its caller leaves, or when it fails in the middle.

The hub reports what it knows when a run begins: its price per request, and the text that was passed on. A backend that knows
more, such as the usage that a service told, reports that instead. Where no usage was told, tokens are estimated from the text:
four characters are about one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from msgspec.structs import replace

from aixplain._wire.chat_content import text_of
from aixplain._wire.messages import Usage
from aixplain.hub.backends import Output

_CHARACTERS_PER_TOKEN = 4


class Meter:
    """The use of one run."""

    def __init__(self) -> None:
        self._read: Callable[[], Output] | None = None
        self._credits_of: Callable[[Output], float | None] | None = None

    def report(self, read: Callable[[], Output]) -> None:
        """Ask this for what was used so far, from now on."""
        self._read = read

    def charge(self, credits_of: Callable[[Output], float | None]) -> None:
        """Ask this for what the use costs, from now on, in place of the price of the model that was asked for."""
        self._credits_of = credits_of

    def clear(self) -> None:
        """Forget an attempt that is over."""
        self._read = None

    def output(self) -> Output | None:
        """What came so far, with its usage; None for a run that did not start."""
        if self._read is None:
            return None
        output = self._read()
        return output if self._credits_of is None else replace(output, credits=self._credits_of(output))


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


def charge_by(credits_of: Callable[[Output], float | None]) -> None:
    """Say what the use of this run costs, where another model than the one that was asked for makes the answer."""
    meter = _meter.get()
    if meter is not None:
        meter.charge(credits_of)


def estimated_tokens(value: Any) -> int:
    """Estimate the tokens of the texts in a value, whatever their place. Files in it, sent as `data:` addresses, don't count.

    >>> estimated_tokens({"text": "Hello there", "n": 1, "image": "data:image/png;base64,AAAA"})
    3
    """
    return math.ceil(_length(value) / _CHARACTERS_PER_TOKEN)


def estimated_usage(sent: Any, text: str) -> Usage:
    """Estimate the usage of a run from what was sent, the messages of a chat or any inputs, and from the text that came."""
    prompt, completion = estimated_tokens(sent), estimated_tokens(text)
    return Usage(prompt, completion, prompt + completion)


def _length(value: Any) -> int:
    """The characters of the texts in a value. Of a message, its content and its calls count, and no role or name."""
    if isinstance(value, str):
        return 0 if value.startswith("data:") else len(value)
    if isinstance(value, list):
        return sum(map(_length, value))
    if not isinstance(value, dict):
        return 0
    if "role" in value:
        return len(text_of(value.get("content"))) + _length(value.get("tool_calls"))
    return sum(map(_length, value.values()))
