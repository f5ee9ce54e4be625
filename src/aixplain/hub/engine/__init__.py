"""Who executes the runs that were accepted. One Protocol: the embedded engine has them to itself, that of PostgreSQL shares them."""

from __future__ import annotations

from typing import Protocol

from aixplain.hub.store.runs import Earlier, Order


class Engine(Protocol):
    """Executes accepted runs, each to its end."""

    @property
    def backlog(self) -> int:
        """How many accepted runs wait; on a database that is shared, as it was about a second ago."""
        ...

    async def start(self) -> None:
        """Take up what waits, and go on."""
        ...

    async def accept(self, order: Order) -> Earlier | None:
        """Keep a run, and execute it: when this returns it is on the disk, and will be done whatever happens.

        When its key stands for a run already, nothing is kept, and that one is given. Raises `HubError`.
        """
        ...

    async def cancel(self, run_id: str) -> None:
        """Stop the work on a run that was given up, if anyone is at it."""
        ...

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        ...
