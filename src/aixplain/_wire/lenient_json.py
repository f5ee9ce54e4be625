"""Read JSON that a strict reader refuses, as services send it: nothing of it is lost, and no odd value breaks the rest.

A byte order mark is skipped, and bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD. NaN and Infinity become
null. A number that is too large for Python becomes its text. Lists and objects may be nested to any depth.

Only an answer that the strict reader refused comes here, so this module is imported when it is needed.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

#: One escape sequence: a whole surrogate pair, a half of one, or any other.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_TOKEN = re.compile(r'[ \t\r\n]*([{}\[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^ \t\r\n{}\[\]:,"]+)', re.DOTALL)
_HALF_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_leniently(body: bytes) -> Any:
    r"""Return the plain data in a JSON body. Raises `ValueError` for what is not JSON.

    >>> parse_leniently(b'\xef\xbb\xbf{"data": "a\\ud83d", "usage": NaN}')
    {'data': 'a\ufffd', 'usage': None}
    """
    text = body.decode(json.detect_encoding(body), "replace")
    if _HALF_ESCAPE.search(text):
        text = _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
    try:
        return json.loads(text, strict=False, parse_constant=_no_number, parse_int=_integer, parse_float=_float)
    except RecursionError:
        return _parse_nested(text)


def _no_number(name: str) -> None:
    return None


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return digits


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


# --- Deeply nested --------------------------------------------------------------------------------


def _parse_nested(text: str) -> Any:
    """Parse with a stack of our own in place of recursion."""
    reader = _Tokens(text)
    open_containers: list[tuple[dict[str, Any] | list[Any], str]] = []  # each with the key of the value that is read
    mark = reader.next()
    while True:
        if mark in ("{", "["):
            container: dict[str, Any] | list[Any] = {} if mark == "{" else []
            mark = reader.next()
            if mark != _closing(container):
                mark = reader.begin_value(container, mark, open_containers)
                continue
            value: Any = container
        else:
            value = _scalar(mark)
        while open_containers:
            container, key = open_containers.pop()
            if isinstance(container, dict):
                container[key] = value
            else:
                container.append(value)
            mark = reader.next()
            if mark == ",":
                mark = reader.begin_value(container, reader.next(), open_containers)
                break
            if mark != _closing(container):
                raise ValueError(f"JSON is malformed near {mark!r:.40}")
            value = container
        else:
            reader.end()
            return value


def _closing(container: dict[str, Any] | list[Any]) -> str:
    return "}" if isinstance(container, dict) else "]"


def _scalar(mark: str) -> Any:
    return json.loads(mark, strict=False, parse_constant=_no_number, parse_int=_integer, parse_float=_float)


class _Tokens:
    """The tokens of a JSON text, one after the other. Each method raises `ValueError` where the text is malformed."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def next(self) -> str:
        """The next token."""
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ValueError("JSON is truncated")
        self._at = found.end()
        return found[1]

    def begin_value(self, container: Any, mark: str, open_containers: list[Any]) -> str:
        """Read up to the next value of a container, past its key and colon in an object; return the value's first token."""
        if not isinstance(container, dict):
            open_containers.append((container, ""))
            return mark
        if not mark.startswith('"') or self.next() != ":":
            raise ValueError(f"JSON is malformed near {mark!r:.40}")
        open_containers.append((container, json.loads(mark, strict=False)))
        return self.next()

    def end(self) -> None:
        """Check that nothing but space is left."""
        if self._text[self._at :].strip():
            raise ValueError("JSON is malformed: more comes after its end")
