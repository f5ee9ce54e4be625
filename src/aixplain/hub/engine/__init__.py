"""Who executes the runs that were accepted. One Protocol; the embedded engine runs them in this process."""

from __future__ import annotations

from typing import Protocol


class Engine(Protocol):
    """Executes accepted runs, each to its end."""

    async def start(self) -> None:
        """Take up what waits, and go on."""
        ...

    def submit(self, run_id: str) -> None:
        """Execute this run, which was accepted just now."""
        ...

    async def stop(self) -> None:
        """Take no more runs up; what doesn't end in a moment is done at the next start."""
        ...
