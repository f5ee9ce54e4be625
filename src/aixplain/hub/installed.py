"""The models that installed packages offer, by an entry point of the group `aixplain.models`."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from aixplain.hub.backends.functions import Models
from aixplain.hub.execution import logger

GROUP = "aixplain.models"


def add_installed(hub: Models) -> None:
    """Take the models of all installed packages in. What can't be had is left out, and the log says why."""
    for point in sorted(entry_points(group=GROUP)):
        package = point.dist.name if point.dist is not None else point.module
        try:
            models = _models_of(point)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary to code that is not ours: the hub starts without it
            logger.error("models of the package %s are left out: %s: %s", package, type(error).__name__, error)
            continue
        for entry in models.entries.values():
            try:
                hub.add(entry)
            except ValueError as error:
                logger.error("a model of the package %s is left out: %s", package, error)


def _models_of(point: EntryPoint) -> Models:
    found = point.load()
    models = found() if callable(found) else found
    if not isinstance(models, Models):
        raise TypeError(f"{point.value} gives {models!r:.60}, and no Models")
    return models
