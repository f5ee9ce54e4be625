"""Watching a run in the background to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aixplain.cli.output import note

if TYPE_CHECKING:
    from aixplain.v2.model import Model, ModelResult


def attend(model: Model, run: str, timeout: float, *, stays: bool = True, accepted: str | None = None) -> ModelResult:
    """The result of a run, by its address or its id. Ctrl-C leaves it going on, and tells how to go on, where it `stays`.

    A run that was `accepted` just now is told by this name.
    """
    try:
        if accepted is not None:
            note(f"Accepted as run {accepted}.")
        from aixplain.cli.screen import watching  # slow to import, and Ctrl-C may come meanwhile
        from aixplain.cli.waiting import telling_retries

        with watching("running") as show, telling_retries():
            result = model.sync_poll(run, timeout=timeout, on_progress=lambda result: show(result.progress))
            show(1.0)
    except KeyboardInterrupt:
        if stays:
            id = run.removesuffix("/result").rpartition("/")[2]
            note(f"The run goes on. `aix runs attach {id}` watches it, `aix runs cancel {id}` gives it up.")
        raise
    return result
