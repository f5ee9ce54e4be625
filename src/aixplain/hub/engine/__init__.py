"""Who executes the runs that were accepted. One Protocol; the embedded engine runs them in this process."""

from __future__ import annotations

from typing import Protocol

from aixplain.hub.store import Waiting


class Engine(Protocol):
    """Executes accepted runs, each to its end."""

    async def start(self) -> None:
        """Take up what waits, and go on."""
        ...

    def submit(self, run: Waiting) -> None:
        """Execute this run, which was accepted just now."""
        ...

    async def cancel(self, run_id: str) -> None:
        """Stop the work on a run that was given up, if anyone is at it."""
        ...

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        ...
