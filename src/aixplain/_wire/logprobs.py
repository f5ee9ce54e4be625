"""How likely each token of an answer was, told in pieces, put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def merge_logprobs(pieces: Iterable[Any]) -> dict[str, Any] | None:
    """The whole of the pieces, whose lists are joined; None when there is none.

    >>> merge_logprobs([{"content": [{"token": "a"}]}, {"content": [{"token": "b"}], "refusal": None}])
    {'content': [{'token': 'a'}, {'token': 'b'}], 'refusal': None}
    """
    whole: dict[str, Any] = {}
    for piece in pieces:
        for name, value in piece.items() if isinstance(piece, dict) else ():
            before = whole.get(name)
            whole[name] = before + value if isinstance(before, list) and isinstance(value, list) else value or before
    return whole or None
