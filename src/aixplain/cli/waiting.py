"""What a terminal shows while a run is waited for: the time, how far it is, and that a service asks to wait."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from aixplain.cli.output import note

if TYPE_CHECKING:
    from aixplain.v2.model import ModelResult

T = TypeVar("T")

#: Seconds without an answer until something is shown, and between two looks at the clock.
QUIET, STEP = 1.0, 0.5


@contextlib.contextmanager
def waiting() -> Iterator[Callable[[ModelResult], None] | None]:
    """Show on stderr, if that is a terminal, that a run is waited for. Give what takes its progress; None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _Line()
    with telling_retries(line.tell):
        line.start()
        try:
            yield line.progress
        finally:
            line.stop()


@contextlib.contextmanager
def telling_retries(tell: Callable[[str], None] = note) -> Iterator[None]:
    """Tell a terminal of each request that is sent again, and in how many seconds."""
    if not sys.stderr.isatty():
        yield
        return
    handler = _Retries(tell)
    log = logging.getLogger("aixplain")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def until_first(pieces: Iterator[T]) -> Iterator[T]:
    """Yield the pieces of a stream. A terminal shows that the first one is waited for."""
    with waiting():
        first = list(itertools.islice(pieces, 1))
    yield from itertools.chain(first, pieces)


class _Line:
    """One line that is written over, and is gone at the end. A dumb terminal can't do that, so it gets none."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._done: float | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._shown = False
        self._thread = threading.Thread(target=self._work, name="aix-waiting", daemon=True)

    def start(self) -> None:
        if os.environ.get("TERM") != "dumb":
            self._thread.start()

    def progress(self, result: ModelResult) -> None:
        """Note how far the run is."""
        self._done = result.progress

    def tell(self, words: str) -> None:
        """Write a line that stays."""
        with self._lock:
            self._erase()
            note(words)

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._erase()

    def _work(self) -> None:
        if self._over.wait(QUIET):
            return
        while not self._over.is_set():
            with self._lock:
                self._show()
            self._over.wait(STEP)

    def _show(self) -> None:
        done = "" if self._done is None else f", {self._done:.0%} done"
        words = f"Waiting for the answer: {time.monotonic() - self._began:.0f} s{done}"
        sys.stderr.write("\r" + words[: shutil.get_terminal_size().columns - 1])
        sys.stderr.flush()
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


class _Retries(logging.Handler):
    """Tells of requests that the SDK sends again, from its log."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if (
            record.name != "aixplain"
            or record.levelno != logging.INFO
            or not isinstance(record.args, tuple)
            or len(record.args) != 3
        ):
            return
        _, went_wrong, seconds = record.args
        if isinstance(seconds, int | float):
            told = "The rate limit is reached (HTTP 429)" if went_wrong == "HTTP 429" else f"The request failed ({went_wrong})"
            self._tell(f"{told}; trying again in {max(seconds, 0.1):.1f} s.")
