"""The models that every hub has: well-kept libraries, with no download and no network. A file for each task.

Each library is imported by its model's first run, so that an unused model costs nothing. No run holds up the hub or other runs:
see `bounds`.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import replace

from aixplain.hub import Models
from aixplain.hub.backends.bounded import PROCESSES, BoundedBackend
from aixplain.hub.backends.builtin.bounds import BOUNDS
from aixplain.hub.backends.functions import FunctionBackend
from aixplain.hub.catalog import Entry, Policy

TASKS = ("document", "keywords", "language", "repair", "sentences", "sentiment", "spelling", "summary", "transliteration")


#: Runs of one model that are begun at once, so that a queue of long texts stays on the disk; the bounds let fewer work.
MOST_AT_ONCE = 128


def all_models() -> Models:
    """The built-in models."""
    models = Models()
    for entry in entries():
        models.add(entry)
    return models


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Their entries, the same in all hubs of a process, so that hubs can be joined."""
    found = [importlib.import_module(f"{__name__}.{task}").models.entries.values() for task in TASKS]
    return tuple(_bounded(entry) for each in found for entry in each)


def _bounded(entry: Entry) -> Entry:
    """The entry with a backend that keeps its bounds."""
    if not isinstance(entry.backend, FunctionBackend):
        raise TypeError(f"{entry.path} is not a function")
    policy = Policy(PROCESSES if entry.asynchronous else MOST_AT_ONCE)
    return replace(entry, backend=BoundedBackend(entry.backend, BOUNDS[entry.path]), policy=policy)
