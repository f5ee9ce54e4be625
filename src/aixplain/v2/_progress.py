"""A bar for work that takes a while: one line in a terminal, an element in a notebook, nothing anywhere else."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from html import escape
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from aixplain._wire.control_characters import escape_line

WIDTH = 30
SHORTEST_PAUSE = 0.1
MB = 1024 * 1024
#: A file of this size or more shows how it gets on without being asked to.
LARGE = 16 * MB


class Screen(Protocol):
    """Where a bar is drawn."""

    def draw(self, label: str, share: float | None, note: str) -> None:
        """Show how much is done, from 0 to 1; None where nobody knows."""
        ...

    def clear(self) -> None:
        """Leave nothing behind."""
        ...


class Bar:
    """A bar over a piece of work; use it with `with`. Drawn ten times a second at most."""

    def __init__(self, label: str, screen: Screen | None = None) -> None:
        self._label = label
        self._screen = screen if screen is not None else _screen_here()
        self._began = time.monotonic()
        self._drawn = 0.0

    def update(self, share: float | None, note: str = "") -> None:
        """Show how much is done, from 0 to 1 (None: nobody knows), with a few words."""
        now = time.monotonic()
        if self._screen is None or now - self._drawn < SHORTEST_PAUSE:
            return
        self._drawn = now
        self._screen.draw(self._label, share, f"{note} {now - self._began:.0f} s".strip())

    def __enter__(self) -> Self:
        self.update(None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._screen is not None:
            self._screen.clear()


class Meter:
    """A bar over the bytes of one file, when they are many or it is wanted; use it with `with`."""

    def __init__(self, label: str, size: int | None, *, wanted: bool) -> None:
        self._size = size
        self._bar = Bar(label) if wanted or (size or 0) >= LARGE else None

    def moved(self, done: int) -> None:
        """So many bytes have gone, or come."""
        if self._bar is not None:
            of = f" of {self._size / MB:.0f}" if self._size else ""
            self._bar.update(done / self._size if self._size else None, f"{done / MB:.0f}{of} MB")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)


class Watched(Protocol):
    """Something that tells how it gets on."""

    on_progress: Callable[[Any], None] | None


@contextlib.contextmanager
def watched(label: str, run: Watched) -> Iterator[None]:
    """A bar for what this run tells, beside whoever listens to it already."""
    listener = run.on_progress
    with Bar(label) as bar:

        def tell(result: Any) -> None:
            bar.update(result.progress)
            if listener is not None:
                listener(result)

        run.on_progress = tell
        yield


class Terminal:
    """A bar as the last line of a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def draw(self, label: str, share: float | None, note: str) -> None:
        """Write the line anew."""
        self._stream.write(f"\r{escape_line(label)} {_blocks(share)} {note}\x1b[K")
        self._stream.flush()

    def clear(self) -> None:
        """Wipe the line."""
        self._stream.write("\r\x1b[K")
        self._stream.flush()


def _blocks(share: float | None) -> str:
    if share is None:
        return "…"
    full = round(share * WIDTH)
    return f"{'█' * full}{'░' * (WIDTH - full)} {share:4.0%}"


class Notebook:
    """A bar as an element of a notebook's page, which is replaced as work goes on."""

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._handle: Any = None

    def draw(self, label: str, share: float | None, note: str) -> None:
        """Replace the element."""
        value = "" if share is None else f' value="{share:.3f}"'
        self._show(f"<label>{escape(label)} <progress max='1'{value}></progress> {escape(note)}</label>")

    def clear(self) -> None:
        """Take the bar away."""
        self._show("")

    def _show(self, html: str) -> None:
        element = {"text/html": html, "text/plain": ""}
        if self._handle is None:
            self._handle = self._display(element, raw=True, display_id=True)
        else:
            self._handle.update(element, raw=True)


def _screen_here() -> Screen | None:
    """A notebook, when this process serves one; else the terminal, when there is one."""
    if "ipykernel" in sys.modules:
        return Notebook(importlib.import_module("IPython.display").display)
    if sys.stderr is not None and sys.stderr.isatty():
        return Terminal(sys.stderr)
    return None
