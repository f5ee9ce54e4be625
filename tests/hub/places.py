"""Hubs with models that tell what they use, over one file or, several of them, over one PostgreSQL; and their keys."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, ModelError, Output
from aixplain.hub.embedded import start
from aixplain.hub.keys import make
from aixplain.hub.opening import Place
from aixplain.hub.opening.books import Books, books
from aixplain.hub.settings import Settings
from aixplain.hub.store.keys import Key, Limits

from .conftest import Answer, Caller

T = TypeVar("T")

#: `acme/gated` goes on as long as this is not set.
gate = threading.Event()


class Replica(Hub):
    """A hub with models, whose runs and keys are in a PostgreSQL when it is given the address of one."""

    def __init__(self, database: str | None = None, *, keys: tuple[str, ...] = (), settings: Settings | None = None) -> None:
        super().__init__(builtin=False, keys=keys, settings=settings)
        self.database = database
        self.model("acme/shout")(shout)
        self.model("acme/spend")(spend)
        self.model("acme/refuse")(refuse)
        self.model("acme/pieces")(pieces)
        self.model("acme/stalls")(stalls)
        self.model("acme/gated", asynchronous=True)(gated)
        self.model("team/whisper")(shout)

    def app(self, data: str | PathLike[str], database: str | None = None, *, work: bool = True) -> Starlette:
        """The hub over that database."""
        return super().app(data, database or self.database, work=work)


async def shout(text: str) -> str:
    """Says it louder."""
    return text.upper()


async def spend(tokens: int, credits: float = 0.0) -> Output:
    """Uses as much as it is told to."""
    return Output("spent", usage=Usage(tokens, 0, tokens), credits=credits or None)


async def refuse(text: str) -> str:
    """Fails."""
    raise ModelError("not this text", 495)


async def pieces(text: str) -> AsyncIterator[str]:
    """Comes in pieces."""
    for letter in text:
        yield letter


async def stalls(text: str) -> AsyncIterator[str]:
    """Begins, and comes to no end."""
    yield text
    await asyncio.Event().wait()


def gated(text: str) -> str:
    """Waits."""
    assert gate.wait(30)
    return text


@contextmanager
def served(folder: Path, *hubs: Replica) -> Iterator[list[Caller]]:
    """Serves hubs, those over a file in this folder, and gives a caller of each."""
    gate.clear()
    with ExitStack() as running:
        running.callback(gate.set)
        callers = []
        for number, hub in enumerate(hubs):
            each = start(folder / str(number) if hub.database else folder, hub)
            running.callback(each.close)
            each.wait_until_ready()
            callers.append(Caller(each.url))
        yield callers


def with_books(place: Place, work: Callable[[Books], Awaitable[T]]) -> T:
    """Does something with the books of a place, as another program beside its hubs."""

    async def do() -> T:
        async with books(place) as kept:
            return await work(kept)

    return asyncio.run(do())


_numbers = itertools.count(1)


def new_key(place: Place, name: str | None = None, **told: Any) -> tuple[Key, str]:
    """Makes a key: its record, and itself. Names are unique, so one is made up unless it matters."""
    name = name or f"key {next(_numbers)}"
    return with_books(place, lambda kept: make(kept.keys, Key("new", name, **told)))


def limited(place: Place, **limits: Any) -> str:
    """A new key with these limits."""
    return new_key(place, limits=Limits(**limits))[1]


def ask(caller: Caller, secret: str, path: str = "acme/shout", **inputs: Any) -> Answer:
    """Runs a model with a key."""
    body = json.dumps(inputs or {"text": "hi"}).encode()
    return caller.send("POST", f"/api/v2/execute/{path}", body, {"x-api-key": secret})
