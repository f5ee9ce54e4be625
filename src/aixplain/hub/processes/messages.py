"""What a hub and its worker processes tell each other: JSON behind its length."""

from __future__ import annotations

from typing import Any

import msgspec

from aixplain.hub.backends import Output

#: Bytes of the length before each message.
HEAD = 8
#: To the worker, a message of no length: the pieces of this call are of no use any more.
STOP = bytes(HEAD)


class Place(msgspec.Struct, frozen=True):
    """Where a function is found again: by its name in a module, which is in a file."""

    module: str
    file: str | None
    name: str


class Task(msgspec.Struct, frozen=True):
    """What a worker is for: one function, and the bytes of memory that it may use.

    `seconds` is how long its processor may work for one call: the system ends it after that, however its code blocks.
    `idle_seconds` is how long it waits for its next call. One that `is_alone` starts no processes, so the system may end it
    together with the hub.
    """

    place: Place
    memory: int | None = None
    seconds: float | None = None
    idle_seconds: float | None = None
    is_alone: bool = False


class Call(msgspec.Struct):
    """To the worker: call the function with these inputs, and tell its pieces one by one or its answer whole."""

    inputs: dict[str, Any]
    pieces: bool


class Ready(msgspec.Struct, tag=True):
    """The function is there, and may be called."""


class Progress(msgspec.Struct, tag=True):
    """How much of a call is done, from 0 to 1."""

    done: float


class Piece(msgspec.Struct, tag=True):
    """A piece of an answer."""

    text: str


class Answer(msgspec.Struct, tag=True):
    """The end of a call: what the function gave; nothing when it was told in pieces, but for an `Output` at their end."""

    output: Output | None = None


class Refused(msgspec.Struct, tag=True):
    """The end of a call: the model refused its inputs."""

    message: str
    status: int


class Raised(msgspec.Struct, tag=True):
    """The end of a call, or of the start of a worker: the user's code raised, for want of memory or something else."""

    kind: str
    words: str
    traceback: str
    memory: bool


Told = Ready | Progress | Piece | Answer | Refused | Raised
told_decoder = msgspec.json.Decoder(Told)


def framed(message: msgspec.Struct) -> bytes:
    """A message as it travels. Raises TypeError, or ValueError, for what JSON can't hold."""
    body = msgspec.json.encode(message)
    return len(body).to_bytes(HEAD, "little") + body
