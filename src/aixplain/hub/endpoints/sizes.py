"""Limits on what a JSON body holds: decoding many values would hold up every other request of the hub."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aixplain.hub.errors import Refusal

#: Bodies up to this size are decoded without a look at what they hold.
SMALL = 64 * 1024
#: Names in one object of inputs, and letters in one name.
MOST_NAMES, LONGEST_NAME = 1000, 200

_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


async def check_values(body: bytes, most: int) -> None:
    """Raise `Refusal` for a JSON body with more values than may be.

    Commas and opening brackets in the whole of it are at least as many as its values, so that only a body with many of them is
    read further, in a thread.
    """
    if len(body) > SMALL and _marks(body, 0, len(body)) > most and await asyncio.to_thread(count_values, body, most) > most:
        raise Refusal(413, f"The body has more than {most:,} JSON values (most_values). Send fewer, or send a file up instead.")


def count_values(body: bytes, most: int) -> int:
    """Count the values of a JSON text by the marks outside its strings, until there are more than `most`.

    >>> count_values(b'{"a, b": [1, 2, "[,,"], "c": {}}', 100)
    6
    """
    found = at = 0
    while found <= most:
        quote = body.find(b'"', at)
        found += _marks(body, at, len(body) if quote < 0 else quote)
        string = None if quote < 0 else _REST_OF_STRING.match(body, quote + 1)
        if string is None:
            break
        at = string.end()
    return found


def _marks(body: bytes, start: int, end: int) -> int:
    return body.count(b",", start, end) + body.count(b"[", start, end) + body.count(b"{", start, end)


def check_names(inputs: dict[str, Any]) -> None:
    """Raise `Refusal` for more or longer names than inputs have."""
    if len(inputs) > MOST_NAMES:
        raise Refusal(400, f"The body has {len(inputs):,} names, and a run has {MOST_NAMES:,} inputs at most.")
    for name in inputs:
        if len(name) > LONGEST_NAME:
            raise Refusal(
                400, f"An input's name has {LONGEST_NAME} letters at most; here is one of {len(name):,}: {name[:40]!r}."
            )
