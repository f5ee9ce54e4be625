"""What a search could be narrowed to: the functions, suppliers and languages of what it finds, and how many models each has."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
from msgspec.structs import replace

from aixplain._wire.messages import Search
from aixplain.hub.store.named import load
from aixplain.hub.store.sqlite.search import found, texts

_SQL = load("sqlite", "facets")

#: A facet -> the filter that chooses among its values. That one is left aside: one may choose another value, or more.
FILTERS = {
    "functions": "functions",
    "suppliers": "suppliers",
    "sourceLanguages": "source_languages",
    "targetLanguages": "target_languages",
}


def facets(connection: sqlite3.Connection, wanted: Search, among: tuple[str, ...] | None = None) -> bytes:
    """Each facet's values, as they are answered, the most frequent first. Raises ValueError for a filter that can't be.

    Only models `among` these are found, as by `search`.
    """
    told: dict[str, list[dict[str, object]]] = {}
    for text in texts(connection, wanted):
        told = {
            name: _values(connection, name, *found(replace(wanted, **{field: None}), among, text))
            for name, field in FILTERS.items()
        }
        if any(told.values()):
            break
    return msgspec.json.encode(told)


def _values(connection: sqlite3.Connection, name: str, source: str, values: list[Any]) -> list[dict[str, object]]:
    narrowed = f"WHERE number IN (SELECT number FROM {source})" if values else ""  # noqa: S608 - what was sent travels as values
    return [dict(row) for row in connection.execute(_SQL[name].replace("WHERE :found", narrowed), values)]
