"""The catalog in SQLite: entries in, models and pages out, as the bytes that are answered."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from aixplain._wire.messages import FunctionInfo, Search
from aixplain.hub.catalog import Entry
from aixplain.hub.store import queries

_SQL = queries.load("catalog")
LARGEST_PAGE = 1000

#: The field of `sort` -> what it orders by. Ties go to the older entry, so that pages don't overlap.
_SORTS = {
    "name": "m.name COLLATE NOCASE",
    "createdAt": "m.created_at",
    "updatedAt": "m.updated_at",
    "normalizedPrice": "m.price",
    "totalSubscribed": "m.subscribed",
}


def replace_models(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Make the catalog these entries: what changed is written, what is gone is removed."""
    known = {row["path"]: row["digest"] for row in connection.execute(_SQL["known_digests"])}
    wanted = {entry.path: (entry, _digest(entry)) for entry in entries}
    for path, digest in known.items():
        if path not in wanted or wanted[path][1] != digest:
            connection.execute(_SQL["remove_text"], {"path": path})
            connection.execute(_SQL["remove_model"], {"path": path})
    for path, (entry, digest) in wanted.items():
        if known.get(path) != digest:
            _add(connection, entry, digest)


def _digest(entry: Entry) -> str:
    return hashlib.sha256(msgspec.json.encode(entry.body(""))).hexdigest()


def _add(connection: sqlite3.Connection, entry: Entry, digest: str) -> None:
    body = entry.body(datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    row = {
        **{key: body[key] for key in ("id", "name", "description", "host", "developer", "status")},
        "path": entry.path,
        "function": entry.function,
        "supplier": body["vendor"]["code"],
        "price": body["pricing"]["price"],
        "created_at": body["createdAt"],
        "updated_at": body["updatedAt"],
        "digest": digest,
        "body": msgspec.json.encode(body),
    }
    number = connection.execute(_SQL["add_model"], row).lastrowid
    connection.execute(_SQL["add_text"], {**row, "number": number})
    for code in entry.languages:
        connection.execute(_SQL["add_language"], {"number": number, "direction": "source", "code": code})


def find(connection: sqlite3.Connection, key: str) -> bytes | None:
    """The MODEL of this id or path, as it is answered."""
    row = connection.execute(_SQL["find_model"], {"key": key}).fetchone()
    return None if row is None else row["body"]


def search(connection: sqlite3.Connection, wanted: Search) -> bytes:
    """The page that answers a search, as it is answered. Raises ValueError for a filter that can't be."""
    size = min(max(wanted.page_size, 1), LARGEST_PAGE)
    number = max(wanted.page_number, 0)
    text = _match(wanted.q, " ")
    total, rows = _page(connection, wanted, text, size, number)
    if total == 0 and text and " " in text:
        total, rows = _page(connection, wanted, _match(wanted.q, " OR "), size, number)
    head = msgspec.json.encode({"total": total, "pageTotal": -(-total // size), "pageNumber": number})
    return b'{"results":[' + b",".join(row["body"] for row in rows) + b"]," + head[1:]


def _page(
    connection: sqlite3.Connection, wanted: Search, text: str | None, size: int, number: int
) -> tuple[int, list[sqlite3.Row]]:
    source = "models m" if text is None else "models_text t JOIN models m ON m.number = t.rowid"
    conditions, values = _conditions(wanted)
    if text is not None:
        conditions, values = ["models_text MATCH ?", *conditions], [text, *values]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    # The pieces are this module's own; what a caller sends travels as values.
    total = connection.execute(f"SELECT count(*) FROM {source}{where}", values).fetchone()[0]  # noqa: S608
    page = f"SELECT m.body FROM {source}{where} ORDER BY {_order(wanted, text)} LIMIT ? OFFSET ?"  # noqa: S608
    return total, connection.execute(page, [*values, size, size * number]).fetchall()


def _match(text: str | None, join: str) -> str | None:
    """Free text as a query of the index: each word, or the start of one."""
    words = re.findall(r"\w+", text or "")
    return join.join(f'"{word}"*' for word in words) if words else None


def _conditions(wanted: Search) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []

    def among(column: str, words: Iterable[Any] | None) -> None:
        listed = list(words or [])
        if listed:
            conditions.append(f"{column} IN ({', '.join('?' * len(listed))})")
            values.extend(listed)

    def language(direction: str, codes: list[str] | None) -> None:
        if codes:
            held = f"SELECT model FROM model_languages WHERE direction = '{direction}' AND code IN"  # noqa: S608
            conditions.append(f"m.number IN ({held} ({', '.join('?' * len(codes))}))")
            values.extend(codes)

    among("m.function", [each.id if isinstance(each, FunctionInfo) else each for each in wanted.functions or []])
    among("m.supplier COLLATE NOCASE", map(str, wanted.suppliers or []))
    among("m.host COLLATE NOCASE", wanted.hosts)
    among("m.developer COLLATE NOCASE", wanted.developers)
    among("m.status", wanted.status)
    among("m.ownership", [wanted.ownership] if isinstance(wanted.ownership, str) else wanted.ownership)
    language("source", wanted.source_languages)
    language("target", wanted.target_languages)
    if wanted.path:
        conditions.append("substr(m.path, 1, ?) = ?")
        values.extend([len(wanted.path), wanted.path])
    for column, flag in (("is_fine_tunable", wanted.is_fine_tunable), ("saved", wanted.saved)):
        if flag is not None:
            conditions.append(f"m.{column} = ?")
            values.append(int(flag))
    return conditions, values


def _order(wanted: Search, text: str | None) -> str:
    field, direction = _sort(wanted)
    if field is not None:
        return f"{_SORTS[field]} {'DESC' if direction < 0 else 'ASC'}, m.number"
    return "bm25(models_text, 10, 8, 4, 2, 2), m.number" if text is not None else "m.name COLLATE NOCASE, m.number"


def _sort(wanted: Search) -> tuple[str | None, int]:
    """What to sort by: `sort`, else the older `sortBy` and `sortOrder`. Raises ValueError for an unknown field."""
    first = next(iter(wanted.sort or []), {})
    field = first.get("field") or (wanted.sort_by if not first else None)
    if field is None:
        return None, 1
    spelled = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "NAME": "name"}.get(field, field)
    if spelled not in _SORTS:
        raise ValueError(f"'{field}' is nothing to sort by; there are {', '.join(_SORTS)}")
    order = first.get("dir", wanted.sort_order)
    return spelled, -1 if order in (-1, "-1", "DESC", "desc") else 1
