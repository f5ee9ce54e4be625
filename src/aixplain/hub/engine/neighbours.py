"""What others do to the runs that this process knows: it is told by the database, and looks for what it was not told."""

from __future__ import annotations

import asyncio

from aixplain.hub.engine.postgres import PostgresEngine
from aixplain.hub.errors import HubError
from aixplain.hub.runs import Runs
from aixplain.hub.store.postgres.bell import Bell
from aixplain.hub.store.postgres.runs import PostgresRuns
from aixplain.hub.troubles import tell_trouble

#: How often it is looked for runs that ended elsewhere, and for those that are late.
LOOK_SECONDS = 1.0


class Neighbours:
    """Passes on what others tell, to those who wait here and to the work that goes on here."""

    def __init__(self, rows: PostgresRuns, runs: Runs, engine: PostgresEngine, bell: Bell) -> None:
        self._rows = rows
        self._runs = runs
        self._engine = engine
        bell.on_queued = engine.heat
        bell.on_ended = runs.ended
        bell.on_given_up = self._given_up

    async def keep_looking(self) -> None:
        """Look now and then, until this is canceled."""
        while True:
            try:
                for id in await self._rows.overdue():
                    await self._runs.expire(id)
                if watched := self._runs.watched:
                    for id in await self._rows.over(watched):
                        self._runs.ended(id)
            except HubError as error:
                tell_trouble("runs that are late or over can't be looked for: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    def _given_up(self, id: str) -> None:
        self._runs.ended(id)
        self._engine.stop_work(id)
