"""Removes what has been kept for its time: answers of runs, and files that were sent up."""

from __future__ import annotations

import asyncio

from aixplain.hub.errors import HubError
from aixplain.hub.files import Files
from aixplain.hub.runs import Runs
from aixplain.hub.troubles import tell_trouble

EVERY_SECONDS = 60.0


async def keep_sweeping(runs: Runs, files: Files, files_kept: float) -> None:
    """Sweep now and then, until this is canceled."""
    while True:
        try:
            await runs.sweep()
            await files.sweep(files_kept)
        except (HubError, OSError) as error:
            tell_trouble("what is not kept any more can't be removed, and waits: %s", error)
        await asyncio.sleep(EVERY_SECONDS)
