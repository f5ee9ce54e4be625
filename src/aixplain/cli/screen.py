"""What people look at: a console for styles, tables that fit the terminal, and a bar for what takes time."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from aixplain.cli.output import note

#: A file or a pipe has no width, so nothing is cut or wrapped for it.
ENDLESS = 100_000


def has_width() -> bool:
    """Whether what is printed is as wide as a terminal, and no wider."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


console = Console(highlight=False, markup=False, width=None if has_width() else ENDLESS)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, shorten: bool = False) -> None:
    """A table without lines. The first column stands whole; `shorten` cuts the last so that a row is a line."""
    last = len(headings) - 1
    table = Table(box=None, pad_edge=False, header_style="none", show_header=any(headings), expand=shorten and has_width())
    for number, heading in enumerate(headings):
        widest = max((cell_len(row[number]) for row in rows), default=0)
        whole = number == 0 or (shorten and number < last)
        table.add_column(
            Text.assemble((heading, "bold")),  # a span, so that the padding behind it has no style
            no_wrap=whole or shorten,
            overflow="ellipsis",
            min_width=min(widest, console.width // 2) if whole else None,
            ratio=1 if shorten and number == last else None,
            style="cyan" if number == 0 else "",
        )
    for row in rows:
        table.add_row(*row)
    print_trimmed(table)


def print_trimmed(what: RenderableType) -> None:
    """Print it as wide as the terminal, without the spaces that rich leaves at the ends of lines."""
    with console.capture() as printed:
        console.print(what)
    for line in printed.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


@contextlib.contextmanager
def watching(what: str) -> Iterator[Callable[[float | None], None]]:
    """Gives a function to tell how much is done, from 0 to 1: a bar in a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield _line_by_line(what)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)

        def show(done: float | None) -> None:
            if done is not None:
                bar.update(task, total=1.0, completed=done)

        yield show


def _line_by_line(what: str) -> Callable[[float | None], None]:
    shown = -1

    def show(done: float | None) -> None:
        nonlocal shown
        percent = -1 if done is None else int(done * 100)
        if percent > shown:
            shown = percent
            note(f"{what}: {percent} %")

    return show
