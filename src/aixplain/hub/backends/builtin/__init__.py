"""The models that every hub has: well-kept libraries, with no download and no network. A file for each task.

Each library is imported by its model's first run, so that an unused model costs nothing.
"""

from __future__ import annotations

import importlib

from aixplain.hub import Models

TASKS = ("document", "keywords", "language", "repair", "sentences", "sentiment", "spelling", "summary", "transliteration")


def all_models() -> Models:
    """The built-in models."""
    models = Models()
    for task in TASKS:
        models.include(importlib.import_module(f"{__name__}.{task}").models)
    return models
