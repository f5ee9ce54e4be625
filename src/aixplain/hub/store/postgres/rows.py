"""What goes into the database and comes out of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows of this width as columns, which a statement takes as arrays.

    >>> columns([(1, "a"), (2, "b")], 2)
    [[1, 2], ['a', 'b']]
    """
    found = [list(column) for column in zip(*rows, strict=True)]
    return found or [[] for _ in range(width)]
