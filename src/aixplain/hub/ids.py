"""Ids of runs: UUIDs that begin with the time (version 7), so that new rows lie together on the disk."""

from __future__ import annotations

import os
import time

#: Ids that are drawn together: the system's random numbers are a call in which other threads go first.
DRAWN = 256

_drawn: list[bytes] = []
os.register_at_fork(after_in_child=_drawn.clear)


def _random() -> bytes:
    if not _drawn:
        fresh = os.urandom(10 * DRAWN)
        _drawn.extend(fresh[begin : begin + 10] for begin in range(0, len(fresh), 10))
    try:
        return _drawn.pop()
    except IndexError:  # other threads drew them all
        return os.urandom(10)


def new_id() -> str:
    """An id that no other run has, and that nobody guesses: 74 of its bits are random.

    >>> first, second = new_id(), new_id()
    >>> len(first), first[14], first == second
    (36, '7', False)
    """
    random = int.from_bytes(_random(), "big")
    stamped = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | random
    number = stamped & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
