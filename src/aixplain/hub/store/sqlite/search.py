"""Searching the catalog in SQLite: the protocol's filters, order and pages, and ranked full text."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from aixplain._wire.messages import FunctionInfo, Search
from aixplain.hub.store.sqlite.text_query import text_queries

LARGEST_PAGE = 1000
LAST_PAGE = 2**40
LONGEST_EXACT = 200
#: Each part reads an index; together they take microseconds.
_EXACT = """
SELECT number FROM models WHERE id = :text
UNION SELECT number FROM models WHERE path = :text
UNION SELECT * FROM (SELECT number FROM models WHERE name COLLATE NOCASE IN (:text, :spaced, :hyphened) LIMIT 20)
"""
LAST_LETTER = "\U0010ffff"
MOST_VALUES = 1000
#: Letters of a text that is searched for, or of a word of a filter.
LONGEST_TEXT = 20_000

#: The field of `sort` -> what it orders by. Ties go to the older entry, so that pages don't overlap.
_SORTS = {
    "name": "m.name COLLATE NOCASE",
    "createdAt": "m.created_at",
    "updatedAt": "m.updated_at",
    "normalizedPrice": "m.price",
    "totalSubscribed": "m.subscribed",
}
_OLDER_SORTS = {"NAME": "name", "CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt"}

#: A language that stands for all of them: what takes any text.
ANY_LANGUAGE = "mul"
#: The languages that the official clients have names for.
_LANGUAGES = {
    "arabic": "ar",
    "chinese": "zh",
    "english": "en",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
}


def search(connection: sqlite3.Connection, wanted: Search, among: tuple[str, ...] | None = None) -> bytes:
    """The page that answers a search, as it is answered. Raises ValueError for a filter that can't be.

    Only models `among` these ids, paths and starts of paths (`team/*`) are found; None are all.
    """
    size = min(max(wanted.page_size, 1), LARGEST_PAGE)
    number = min(max(wanted.page_number, 0), LAST_PAGE)
    total, bodies = 0, list[bytes]()
    exact = exact_matches(connection, wanted)
    for text in texts(connection, wanted):
        total, bodies = _page(connection, wanted, among, text, size, number, exact)
        if total:
            break
    head = msgspec.json.encode({"total": total, "pageTotal": -(-total // size), "pageNumber": number})
    return b'{"results":[' + b",".join(bodies) + b"]," + head[1:]


def texts(connection: sqlite3.Connection, wanted: Search) -> Iterator[str]:
    """The text of a search as queries of the index, to be tried in turn. Raises ValueError for one that is too long."""
    _check_length(wanted.q or "", "The text of a search")
    return text_queries(connection, wanted.q or "")


def exact_matches(connection: sqlite3.Connection, wanted: Search) -> list[int]:
    """The numbers of the models whose id, path or name is the text of a search: they come first."""
    text = (wanted.q or "").strip()
    if not text or len(text) > LONGEST_EXACT:
        return []
    values = {"text": text, "spaced": text.replace("-", " "), "hyphened": text.replace(" ", "-")}
    return [row[0] for row in connection.execute(_EXACT, values)]


def _page(
    connection: sqlite3.Connection,
    wanted: Search,
    among: tuple[str, ...] | None,
    text: str,
    size: int,
    number: int,
    exact: list[int],
) -> tuple[int, list[bytes]]:
    """How many models are wanted, and the bodies of a page of them."""
    source, values = found(wanted, among, text)
    # The pieces are this module's own; what a caller sends travels as values.
    total = connection.execute(f"SELECT count(*) FROM {source}", values).fetchone()[0]  # noqa: S608
    order = _order(wanted, ranked=bool(text), exact=exact)
    page = connection.execute(f"SELECT number FROM {source} ORDER BY {order} LIMIT ? OFFSET ?", [*values, size, size * number])  # noqa: S608
    numbers = [row["number"] for row in page]
    marks = ", ".join("?" * len(numbers))
    bodies = dict(connection.execute(f"SELECT number, body FROM bodies WHERE number IN ({marks})", numbers))  # noqa: S608
    return total, [bodies[each] for each in numbers]


def found(wanted: Search, among: tuple[str, ...] | None, text: str) -> tuple[str, list[Any]]:
    """The models that are wanted, as a source of rows with a `number`, and its values.

    The index gives what a text matches in a millisecond, and whether each of these is among what the filters let through is
    looked up then: the plus keeps SQLite from asking the index once for every model instead.
    """
    conditions, values = _conditions(wanted, among)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    if not text:
        return f"models m{where}", values
    if _sort(wanted)[0] is not None:
        matched = "m.number IN (SELECT rowid FROM models_text WHERE models_text MATCH ?)"
        return f"models m WHERE {' AND '.join([matched, *conditions])}", [text, *values]
    let_through = f" AND +rowid IN (SELECT number FROM models m{where})" if conditions else ""  # noqa: S608
    matched = f"SELECT rowid AS number, rank FROM models_text WHERE models_text MATCH ?{let_through}"  # noqa: S608
    return f"({matched})", [text, *values]


def _conditions(wanted: Search, among: tuple[str, ...] | None) -> tuple[list[str], list[Any]]:
    """What a model must meet, as SQL with its values."""
    possible = [
        _among("m.function", map(_function, wanted.functions or [])),
        _among("m.supplier COLLATE NOCASE", map(_word, wanted.suppliers or [])),
        _among("m.host COLLATE NOCASE", wanted.hosts),
        _among("m.developer COLLATE NOCASE", wanted.developers),
        _among("m.status", wanted.status),
        _among("m.ownership", re.findall(r"\b(?:PRIVATE|PUBLIC|TEAM)\b", str(wanted.ownership))),
        _language("source", wanted.source_languages),
        _language("target", wanted.target_languages),
        _path(wanted.path) if wanted.path else None,
        _allowed(among) if among is not None else None,
        ("m.is_fine_tunable = ?", [wanted.is_fine_tunable]) if wanted.is_fine_tunable is not None else None,
        ("m.saved = ?", [wanted.saved]) if wanted.saved is not None else None,
    ]
    conditions = [each for each in possible if each is not None]
    return [condition for condition, _ in conditions], [value for _, values in conditions for value in values]


# The official clients send the members of their enums by name, 0.2.41 some of them after the enum's own: `Supplier.OPENAI`.


def _word(member: str | int) -> str:
    return str(member).rpartition(".")[2]


def _function(told: str | FunctionInfo) -> str:
    return _word(told.id if isinstance(told, FunctionInfo) else told).lower().replace("_", "-")


def _code(language: str) -> str:
    return _LANGUAGES.get(_word(language).lower(), language)


def _among(column: str, words: Iterable[Any] | None) -> tuple[str, list[Any]] | None:
    listed = list(words or [])
    if len(listed) > MOST_VALUES:
        raise ValueError(f"A filter takes {MOST_VALUES} values at most, and one here has {len(listed)}.")
    for word in listed:
        _check_length(str(word), "A word of a filter")
    return (f"{column} IN ({', '.join('?' * len(listed))})", listed) if listed else None


def _check_length(text: str, what: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{what} has {LONGEST_TEXT:,} letters at most, and here are {len(text):,}.")


def _path(path: str) -> tuple[str, list[Any]]:
    _check_length(path, "The path of a search")
    return _starting(path)


def _starting(path: str) -> tuple[str, list[Any]]:
    return "m.path >= ? AND m.path < ?", [path, path + LAST_LETTER]


def _allowed(among: tuple[str, ...]) -> tuple[str, list[Any]]:
    """What a key may use: models at these ids and paths, and below the starts of paths."""
    starts = [_starting(word[:-1]) for word in among if word.endswith("*")]
    names = msgspec.json.encode([word for word in among if not word.endswith("*")]).decode()
    named = "m.id IN (SELECT value FROM json_each(?)) OR m.path IN (SELECT value FROM json_each(?))"
    either = " OR ".join([named, *(f"({condition})" for condition, _ in starts)])
    return f"({either})", [names, names, *(value for _, values in starts for value in values)]


def _language(direction: str, codes: list[str] | None) -> tuple[str, list[Any]] | None:
    among = _among("code", [*map(_code, codes), ANY_LANGUAGE]) if codes else None
    if among is None:
        return None
    condition, values = among
    held = f"SELECT model FROM model_languages WHERE direction = '{direction}' AND {condition}"  # noqa: S608 - our own words
    return f"m.number IN ({held})", values


def _order(wanted: Search, *, ranked: bool, exact: list[int]) -> str:
    field, direction = _sort(wanted)
    if field is not None:
        return f"{_SORTS[field]} {'DESC' if direction < 0 else 'ASC'}, m.number"
    if ranked and exact:
        return f"number NOT IN ({', '.join(map(str, exact))}), rank, number"
    return "rank, number" if ranked else "m.name COLLATE NOCASE, m.number"


def _sort(wanted: Search) -> tuple[str | None, int]:
    """What to sort by: `sort`, else the older `sortBy` and `sortOrder`. Raises ValueError for an unknown field."""
    first = next(iter(wanted.sort or []), {})
    field = first.get("field") if first else wanted.sort_by
    if field is None:
        return None, 1
    spelled = _OLDER_SORTS.get(_word(field), str(field))
    if spelled not in _SORTS:
        raise ValueError(f"{str(field)[:60]!r} is nothing to sort by; there are {', '.join(_SORTS)}.")
    order = first.get("dir", 1) if first else wanted.sort_order
    return spelled, -1 if order in (-1, "-1", "DESC", "desc") else 1
