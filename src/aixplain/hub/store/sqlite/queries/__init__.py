"""The named queries: SQL in files of its own, read once."""

from __future__ import annotations

from importlib.resources import files


def load(name: str) -> dict[str, str]:
    """The queries of a file, each under the name on the line `-- name: …` above it."""
    text = files(__name__).joinpath(f"{name}.sql").read_text("utf-8")
    _, *parts = text.split("-- name: ")
    split = (part.partition("\n") for part in parts)
    return {title.strip(): query.strip() for title, _, query in split}
