"""Who answers a run. One Protocol; a file for each kind of backend."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, Protocol

import msgspec

from aixplain._wire.messages import Usage
from aixplain.hub.errors import NO_FIELDS, ErrorFields

#: How a chat completion in the shape of OpenAI's names itself, in the raw data of a run too.
CHAT_COMPLETION = "chat.completion"


class Tried(msgspec.Struct, frozen=True):
    """One of the models that a run tried: when, in seconds since 1970, for how many seconds, and how it failed if it did."""

    model: str
    at: float
    seconds: float
    status: int | None = None
    error: str | None = None


class Output(msgspec.Struct):
    """What a model gives back: `data` is the answer itself, `raw_data` what else it found, for callers who look closer.

    It travels as the protocol's `rawData`, and not as `details`, which official clients take for alternatives of a chat.
    `usage` are the tokens that it used, `seconds` the length of the sound that it took in or made, and `credits` what it cost;
    None where the model doesn't know. `tried` are the models behind this one that were asked in turn.
    """

    data: Any
    raw_data: Any = None
    details: list[Any] = []
    usage: Usage | None = None
    credits: float | None = None
    seconds: float | None = None
    tried: list[Tried] = []


def as_piece(yielded: Any) -> str | Output:
    """What a generator yielded: an `Output`, which is its end, or text."""
    return yielded if isinstance(yielded, Output) else str(yielded)


def completed(end: Output, text: str) -> Output:
    """The end of a stream as its whole answer: without data of its own, its data is the text that was told."""
    return end if end.data is not None else msgspec.structs.replace(end, data=text)


class ModelError(Exception):
    """Raise it in a model for an input that it can't take: the caller reads the message, and no traceback is logged.

    `status` is a number of the protocol: 400 for an input in general, 492 for a file that can't be read. `retry_after` are the
    seconds after which it is worth another try, where that is known; `tried` is as in `Output`. `fields` are for programs,
    such as the code `context_length_exceeded`. `falls_back` tells an alias to try its next model although the request is at
    fault.
    """

    def __init__(
        self,
        message: str,
        status: int = 400,
        retry_after: float | None = None,
        tried: Sequence[Tried] = (),
        fields: ErrorFields = NO_FIELDS,
        *,
        falls_back: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.tried = tried
        self.fields = fields
        self.falls_back = falls_back


#: What a stream is made of: text, or events in the shape of OpenAI's, just as they came from a service that speaks so: whole
#: ones, each with the blank line behind it, without the `[DONE]` at their end and without the one that has the usage alone.
#: The last one may be the whole answer, which tells the tokens and the credits.
Piece = str | bytes | Output


class ModelFailure(Exception):
    """A model failed where no exception of it arrives, in another process. `str` goes on from "Model 'acme/shout' …".

    `traceback` is the text of its own one, for the log.
    """

    def __init__(self, words: str, traceback: str = "") -> None:
        super().__init__(words)
        self.traceback = traceback


#: Called with the share of the work that is done, from 0 to 1.
OnProgress = Callable[[float], None]


#: Keeps what a model made as a file of this hub, under a name, and gives the address that it has from then on.
Keep = Callable[[str, bytes], Awaitable[str]]


class Backend(Protocol):
    """Runs one model. Inputs were checked against its parameters, and files are paths by then."""

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`, or whatever the model's own code raises."""
        ...

    def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The answer in pieces. Closing it stops the work. Raises as `run` does."""
        ...
