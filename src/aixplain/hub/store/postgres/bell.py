"""What hubs and workers tell one another through the database: runs that wait, that ended, that were given up.

It is told after it was kept, in batches, and apart: PostgreSQL lets transactions that notify wait for one another. What is
lost on the way is found by looking, a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from aixplain.hub.errors import HubError
from aixplain.hub.store.postgres.pool import DRIVER_ERRORS, Pool, connect
from aixplain.hub.troubles import tell_trouble

CHANNEL = "aixplain"
#: Characters of a notification, mostly ASCII; PostgreSQL takes fewer than 8,000 bytes.
LARGEST = 4000
RETRY_SECONDS = 1.0
#: How often it is asked whether the connection that listens is alive, and how long the answer may take.
PULSE_SECONDS, PULSE_TIMEOUT = 5.0, 5.0

QUEUED, ENDED, GIVEN_UP = "queued", "ended", "given up"


def _ignore(name: str) -> None:
    """Nobody listens."""


class Bell:
    """Tells the others, and hears them: each name goes to `on_queued`, which takes models, or to `on_ended` or
    `on_given_up`, which take runs.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._pending: dict[tuple[str, str], None] = {}
        self._telling: asyncio.Task[None] | None = None
        self.on_queued: Callable[[str], None] = _ignore
        self.on_ended: Callable[[str], None] = _ignore
        self.on_given_up: Callable[[str], None] = _ignore

    def queued(self, model: str) -> None:
        """A run of this model waits."""
        self._tell(QUEUED, model)

    def ended(self, id: str) -> None:
        """This run is over."""
        self._tell(ENDED, id)

    def given_up(self, id: str) -> None:
        """This run is over, and whoever is at it should stop."""
        self._tell(GIVEN_UP, id)

    async def finish(self) -> None:
        """Return when all was told."""
        if self._telling is not None:
            await self._telling

    async def keep_listening(self) -> None:
        """Hear what is told, until this is canceled."""
        while True:
            try:
                await self._listen()
            except (HubError, *DRIVER_ERRORS) as error:
                tell_trouble("what others tell can't be heard, and is looked for: %s", error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await connect(self._pool.url)
        try:
            await connection.add_listener(CHANNEL, self._heard)
            while True:
                await asyncio.sleep(PULSE_SECONDS)
                await connection.execute("SELECT 1", timeout=PULSE_TIMEOUT)
        finally:
            connection.terminate()

    def _heard(self, connection: Any, process: int, channel: str, payload: str) -> None:
        kind, *names = payload.split("\n")
        call = {QUEUED: self.on_queued, ENDED: self.on_ended, GIVEN_UP: self.on_given_up}.get(kind, _ignore)
        for name in names:
            call(name)

    def _tell(self, kind: str, name: str) -> None:
        self._pending[kind, name] = None
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        try:
            while self._pending:
                pending, self._pending = self._pending, {}
                await self._pool.fetch("SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told", CHANNEL, payloads(pending))
        except HubError:
            """The others look."""
        finally:
            self._telling = None


def payloads(told: Iterable[tuple[str, str]]) -> list[str]:
    """Notifications that tell this, each of one kind and not too large: the kind, then the names, a line each.

    >>> payloads([("ended", "a"), ("queued", "m"), ("ended", "b")])
    ['ended\\na\\nb', 'queued\\nm']
    """
    found: dict[str, list[str]] = {}
    for kind, name in told:
        parts = found.setdefault(kind, [kind])
        if len(parts[-1]) + len(name) > LARGEST:
            parts.append(kind)
        parts[-1] += f"\n{name}"
    return [part for parts in found.values() for part in parts]
