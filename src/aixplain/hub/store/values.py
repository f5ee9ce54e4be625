"""Values as every database can keep them."""

from __future__ import annotations


def plain(text: str | None) -> str | None:
    r"""A text as a database can keep it: without NUL and lone surrogates.

    >>> plain("a\0b\ud800")
    'a?b?'
    """
    return None if text is None else text.replace("\0", "?").encode("utf-8", "replace").decode()


def whole(number: int | None) -> int | None:
    """A number as a database can keep it: the nearest one of 64 bits.

    >>> whole(7), whole(-(10**30))
    (7, -9223372036854775808)
    """
    return None if number is None else max(min(number, 2**63 - 1), -(2**63))
