"""Find what an error says in the many shapes that services send: the most specific message, as one text.

A message is a text, a list, an object, or JSON inside a text. FastAPI puts a list of objects with `msg` and `loc` into
`detail`, RFC 9457 has `title` and `detail`, Django lists messages by field, and a failed run may have its error inside `data`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from aixplain._wire.control_characters import escape_lines
from aixplain._wire.records import parse

#: Keys that tell what went wrong, the most specific first; compared in lower case and without separators.
_KEYS = ("suppliererror", "data", "detail", "errormessage", "message", "msg", "errordescription", "error", "errors", "reason")
#: Keys that are read when none of the others has more than a title or a code.
_FURTHER_KEYS = ("title", "description", "details", "exception", "cause", "result", "response", "rawdata", "body", "code")
#: Objects under these keys belong to the answer: only what they tell under the keys above is an error.
_PARTS = frozenset({"data", "result", "response", "rawdata", "body", "details"})
#: A code in place of words: `err.supplier_error`, `INTERNAL_ERROR`.
_CODE = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)+|[A-Z0-9_.-]+")
#: Texts that say no more than that something failed; those after the first line are titles of a hub's own statuses.
_TITLES = frozenset(
    {"error", "errors", "failed", "failure", "unknown error", "an error occurred", "something went wrong", "request failed"}
    | {"no credits are left", "the subscription doesn't cover it", "the model's supplier failed", "too many requests"}
    | {"an input address can't be read", "an input is not valid"}
)
_SENTENCE = 2
#: Letters of the beginning of a status's phrase that make a title, as in `Unprocessable`.
_SHORTEST_TITLE = 5
_DEEPEST = 8
_MOST_ITEMS = 20
_LONGEST = 2000


def error_words(content: Any) -> str:
    """Return what an error body, or the envelope of a failed run, says; "" when it says nothing.

    Titles such as `Bad Request` and codes count only where nothing more specific is said. Texts that differ are joined.

    >>> error_words({"message": "err.supplier_error", "supplierError": "Prompt is too long", "error": "Bad Request"})
    'Prompt is too long'
    >>> error_words({"detail": [{"loc": ["body", "text"], "msg": "field required"}]})
    'field required (body.text)'
    >>> error_words({"status": "FAILED", "data": {"error": "out of memory"}})
    'out of memory'
    """
    if isinstance(content, dict):
        return _bounded(_of_object(content, 0) or _last_resort(content.get("data")))
    return words_of(content) if isinstance(content, str | list) else ""


def words_of(value: Any) -> str:
    """Return what one value of an error says, whatever its shape.

    >>> words_of('{"error": {"message": "no"}}'), words_of(["a", {"message": "b"}]), words_of(None)
    ('no', 'a; b', '')
    """
    return _bounded(_of_value(value, 0))


def _bounded(words: str) -> str:
    words = words if len(words) <= _LONGEST else words[:_LONGEST] + "…"
    return escape_lines(words)


def _last_resort(data: Any) -> str:
    """The data of a failed run where nothing else says anything; an address is no message."""
    return data.strip() if isinstance(data, str) and "://" not in data.split(" ")[0] else ""


def _of_value(value: Any, depth: int) -> str:
    if depth > _DEEPEST or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return _of_text(value.strip(), depth)
    if isinstance(value, dict):
        return _of_object(value, depth)
    if isinstance(value, list):
        return "; ".join(filter(None, dict.fromkeys(_of_value(each, depth + 1) for each in value[:_MOST_ITEMS])))
    return str(value) if isinstance(value, int | float) else ""


def _of_text(text: str, depth: int) -> str:
    inside = _json_in(text)
    return (_of_value(inside, depth + 1) if inside is not None else "") or text


def _json_in(text: str) -> Any:
    """The list, object or text that a text has as JSON; None for plain text."""
    if text[:1] + text[-1:] not in ("{}", "[]", '""') or len(text) < 2:
        return None
    try:
        return parse(text.encode("utf-8", "replace"))
    except msgspec.DecodeError:
        return None


def _of_object(told: dict[str, Any], depth: int) -> str:
    named = {_spelled(key): value for key, value in told.items()}
    texts = list(_found(named, _KEYS, depth))
    for more in (_found(named, _FURTHER_KEYS, depth), _by_field(told, depth)):
        if not any(_rank(text) == _SENTENCE for text in texts):
            texts += more
    found = _most_specific(texts)
    place = named.get("loc")
    return f"{found} ({'.'.join(map(str, place))})" if found and isinstance(place, list) and place else found


def _spelled(key: Any) -> str:
    return str(key).lower().replace("_", "").replace("-", "")


def _found(named: dict[str, Any], keys: Iterable[str], depth: int) -> Iterator[str]:
    for key in keys:
        value = named.get(key)
        if key in _PARTS:
            value = _error_inside(value)
        if value is not None and (words := _of_value(value, depth + 1)):
            yield words


def _error_inside(part: Any) -> Any:
    """What tells of an error in a part of the answer, such as `data`; None where nothing does."""
    part = _json_in(part.strip()) if isinstance(part, str) else part
    if isinstance(part, list):
        return [inside for each in part[:_MOST_ITEMS] if isinstance(each, dict) and (inside := _error_inside(each))] or None
    if not isinstance(part, dict):
        return None
    keys = {*_KEYS, "title"}
    return {key: value for key, value in part.items() if _spelled(key) in keys} or None


def _by_field(told: dict[str, Any], depth: int) -> Iterator[str]:
    """Messages by the name of a field, as form libraries write them. At the top only lists are: the rest is no error."""
    for key, value in told.items():
        is_message = isinstance(value, list) or (depth > 0 and isinstance(value, str | dict))
        if is_message and _spelled(key) not in _PARTS and (words := _of_value(value, depth + 1)):
            yield f"{key}: {words}"


def _most_specific(texts: list[str]) -> str:
    """Those texts that are sentences, else codes, else titles of statuses."""
    ranks = [_rank(text) for text in texts]
    return "; ".join(_distinct(text for text, rank in zip(texts, ranks, strict=True) if rank == max(ranks)))


def _rank(text: str) -> int:
    if _is_title(text):
        return 0
    return 1 if _CODE.fullmatch(text) else _SENTENCE


def _is_title(text: str) -> bool:
    """Tell whether a text only names a kind of failure, as the phrases of HTTP's statuses do."""
    from http import HTTPStatus  # slow to import, and most calls succeed

    low = text.lower().rstrip(".")
    is_phrase = len(low) >= _SHORTEST_TITLE and any(status.phrase.lower().startswith(low) for status in HTTPStatus)
    return is_phrase or low in _TITLES


def _distinct(texts: Iterable[str]) -> list[str]:
    """The texts without those that another one contains, in any case."""
    kept: list[str] = []
    for text in texts:
        if not any(text.lower() in each.lower() for each in kept):
            kept = [each for each in kept if each.lower() not in text.lower()]
            kept.append(text)
    return kept
