"""Keys that name a post, so that a service which keeps them carries it out once, however often it arrives."""

from __future__ import annotations

import itertools
import os
import sys

_count = itertools.count()
_process = os.urandom(12).hex()


def new_key() -> str:
    """A key that no other post has, in this process or another. Randomness is asked for once a process: it costs 2 µs.

    >>> new_key() == new_key()
    False
    """
    return f"{_process}-{next(_count):x}"


def _renew() -> None:
    global _process  # a forked child goes on counting from where its parent stood
    _process = os.urandom(12).hex()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_renew)
