"""The catalog in SQLite: entries in, models out, as the bytes that are answered."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import msgspec

from aixplain.hub.catalog import Entry
from aixplain.hub.store.named import load
from aixplain.hub.store.sqlite.writer import Change

T = TypeVar("T")

_SQL = load("sqlite", "catalog")


#: Models that one change of the catalog is about, at most: some milliseconds of the loop.
AT_ONCE = 20
#: When a model was first offered, and when what is told of it last changed, as the protocol writes it.
Times = tuple[str, str]


def replace_models(connection: sqlite3.Connection, entries: Iterable[Entry], times: Mapping[str, Times] | None = None) -> None:
    """Make the catalog these entries: what changed is written, what is gone is removed.

    `times` are those of each path; without them, they are when this file had it first, and now for what changed.
    """
    for change in changes(connection, entries, times):
        change(connection)


def changes(
    connection: sqlite3.Connection, entries: Iterable[Entry], times: Mapping[str, Times] | None = None
) -> Iterator[Change]:
    """What makes the catalog these entries, as `replace_models` does: for a few models each, so that none takes long.

    A model that changed goes and comes in the same one, so that it is found at any time.
    """
    known = {row["path"]: row for row in connection.execute(_SQL["known_models"])}
    wanted = {entry.path: (entry, digest_of(entry, (times or {}).get(entry.path))) for entry in entries}
    for some in _some([path for path in known if path not in wanted]):
        yield partial(_remove, some)
    now = moment_now()
    new: list[tuple[Entry, str, Times]] = []
    for path, (entry, digest) in wanted.items():
        if path not in known or known[path]["digest"] != digest:
            first = known[path]["created_at"] if path in known else now
            new.append((entry, digest, times[path] if times is not None else (first, now)))
    for some_new in _some(new):
        yield partial(_put_all, some_new)


def _some(items: list[T]) -> Iterator[list[T]]:
    return (items[begin : begin + AT_ONCE] for begin in range(0, len(items), AT_ONCE))


def _remove(paths: Sequence[str], connection: sqlite3.Connection) -> None:
    for path in paths:
        connection.execute(_SQL["remove_text"], {"path": path})
        connection.execute(_SQL["remove_model"], {"path": path})


def _put_all(new: Sequence[tuple[Entry, str, Times]], connection: sqlite3.Connection) -> None:
    _remove([entry.path for entry, _, _ in new], connection)
    for entry, digest, (created_at, updated_at) in new:
        _add(connection, entry, digest, created_at, updated_at)


def moment_now() -> str:
    """Now, as the protocol writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest_of(entry: Entry, times: Times | None = None) -> str:
    """What changes when anything that is told of a model does."""
    return hashlib.sha256(msgspec.json.encode(entry.body(*(times or ("", ""))))).hexdigest()


def _add(connection: sqlite3.Connection, entry: Entry, digest: str, created_at: str, updated_at: str) -> None:
    body = entry.body(created_at, updated_at)
    row = {
        **{key: body[key] for key in ("id", "name", "description", "host", "developer", "status")},
        "path": entry.path,
        "function": entry.function,
        "supplier": body["vendor"]["code"],
        "price": body["pricing"]["price"],
        "created_at": created_at,
        "updated_at": updated_at,
        "digest": digest,
        "body": msgspec.json.encode(body),
    }
    number = connection.execute(_SQL["add_model"], row).lastrowid
    connection.execute(_SQL["add_text"], {**row, "number": number})
    connection.execute(_SQL["add_body"], {"number": number, "body": row["body"]})
    for direction, codes in (("source", entry.languages), ("target", entry.target_languages)):
        for code in codes:
            connection.execute(_SQL["add_language"], {"number": number, "direction": direction, "code": code})


def find(connection: sqlite3.Connection, key: str, host: str | None) -> bytes | None:
    """The MODEL of this id or path, as it is answered; `host` narrows."""
    row = connection.execute(_SQL["find_model"], {"key": key, "host": host}).fetchone()
    return None if row is None else row["body"]


def path_of(connection: sqlite3.Connection, id: str) -> str | None:
    """The path of the model with this id."""
    row = connection.execute(_SQL["path_of"], {"id": id}).fetchone()
    return None if row is None else row["path"]
