"""The named queries: SQL in files of its own, read once."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def load(store: str, name: str) -> dict[str, str]:
    """The queries of a file of a store, each under the name on the line `-- name: …` above it."""
    text = _folder(store, "queries").joinpath(f"{name}.sql").read_text("utf-8")
    _, *parts = text.split("-- name: ")
    split = (part.partition("\n") for part in parts)
    return {title.strip(): query.strip() for title, _, query in split}


def scripts(store: str) -> list[str]:
    """The numbered migrations of a store, in their order."""
    steps = sorted(_folder(store, "migrations").iterdir(), key=lambda step: step.name)
    return [step.read_text("utf-8") for step in steps if step.name.endswith(".sql")]


def _folder(store: str, name: str) -> Traversable:
    return files("aixplain.hub.store").joinpath(store, name)
