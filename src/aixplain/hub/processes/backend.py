"""Runs a function in worker processes."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable
from typing import Any

from aixplain.hub.backends import ModelError, ModelFailure, OnProgress, Output
from aixplain.hub.backends.functions import FunctionBackend
from aixplain.hub.errors import HubError
from aixplain.hub.processes.messages import Answer, Call, Piece, Progress, Raised, Refused, Task, Told
from aixplain.hub.processes.places import named, place_of
from aixplain.hub.processes.pool import worker_for

#: The seconds in which a process yields its next piece, or is killed, when nobody reads them any more.
PATIENCE = 1.0


class ProcessBackend:
    """Runs a function in processes that stay, each of which makes one call at a time and may use `memory` bytes.

    `seconds`, `idle_seconds` and `is_alone` are those of `Task`. Raises TypeError for a function that another process can't
    find.
    """

    def __init__(
        self,
        code: Callable[..., Any],
        memory: int | None,
        *,
        seconds: float | None = None,
        idle_seconds: float | None = None,
        is_alone: bool = False,
    ) -> None:
        function = FunctionBackend(code)
        self.arguments = function.arguments
        self.streams = function.streams
        #: How often it runs at once, unless told otherwise.
        self.at_once = os.cpu_count() or 1
        self._code = code
        self._task = Task(place_of(code), memory, seconds, idle_seconds, is_alone)

    def check(self) -> None:
        """Raise `HubError` when the name of the function has come to stand for something else."""
        place = self._task.place
        if named(sys.modules.get(self._code.__module__), place.name) is not self._code:
            raise HubError(
                f"{place.name}() of {place.module} can't run in a process of its own, which finds it by this name: "
                "it stands for something else now. Give each function a name of its own."
            )

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The function's answer; a generator's pieces are joined."""
        told: Told | None = None
        async with worker_for(self._task) as worker:
            async for told in worker.call(Call(inputs, pieces=False)):
                if isinstance(told, Progress):
                    on_progress(told.done)
        return _ending(told) or Output(None)

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[str | Output, None]:
        """The pieces that a generator yields, and an `Output` when that was its last.

        The process may be ahead of the reader, by what the connection holds.
        One that is left closes its generator after the next piece, and keeps what it has loaded.
        """
        told: Told | None = None
        async with worker_for(self._task, PATIENCE) as worker:
            async for told in worker.call(Call(inputs, pieces=True)):
                if isinstance(told, Piece):
                    yield told.text
        if (end := _ending(told)) is not None:
            yield end


def _ending(told: Told | None) -> Output | None:
    """What the last thing that was told gives, or raises."""
    match told:
        case Refused(message, status):
            raise ModelError(message, status)
        case Raised(kind, words, traceback):
            raise ModelFailure(f"failed: {kind}: {words}", traceback)
        case Answer(output):
            return output
        case _:
            return None
