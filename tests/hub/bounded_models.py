"""Models that are run within bounds: worker processes find them here by their names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Annotated

from aixplain.hub import Input, ModelError

Short = Annotated[str, Input(longest=5)]


def work(text: str) -> int:
    if text == "sleep":
        time.sleep(60)
    return os.getpid()


def endless(text: str) -> Iterator[str]:
    while True:
        yield "piece"


def counted(text: str) -> Iterator[str]:
    for number in range(1000):
        yield str(number)
    if text == "raise":
        raise ModelError("There is no more.")
