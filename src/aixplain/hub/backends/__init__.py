"""Who answers a run. One Protocol; a file for each kind of backend."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol

import msgspec

from aixplain._wire.messages import Usage


class Output(msgspec.Struct):
    """What a model gives back: `data` is the answer itself, `raw_data` what else it found, for callers who look closer.

    It travels as the protocol's `rawData`, and not as `details`, which official clients take for alternatives of a chat.
    `usage` are the tokens that it used and `credits` what it cost; None where the model doesn't know.
    """

    data: Any
    raw_data: Any = None
    details: list[Any] = []
    usage: Usage | None = None
    credits: float | None = None


class ModelError(Exception):
    """Raise it in a model for an input that it can't take: the caller reads the message, and no traceback is logged.

    `status` is a number of the protocol: 400 for an input in general, 492 for a file that can't be read.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class ModelFailure(Exception):
    """A model failed where no exception of it arrives, in another process. `str` goes on from "Model 'acme/shout' …".

    `traceback` is the text of its own one, for the log.
    """

    def __init__(self, words: str, traceback: str = "") -> None:
        super().__init__(words)
        self.traceback = traceback


#: Called with the share of the work that is done, from 0 to 1.
OnProgress = Callable[[float], None]


class Backend(Protocol):
    """Runs one model. Inputs were checked against its parameters, and files are paths by then."""

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`, or whatever the model's own code raises."""
        ...

    def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[str, None]:
        """The answer in pieces. Closing it stops the work."""
        ...
