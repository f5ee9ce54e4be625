"""What people look at: a console for styles, tables that fit the terminal, and a bar for what takes time."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from aixplain._wire.control_characters import escape_line, escape_lines
from aixplain.cli.output import note

#: A file or a pipe has no width, so nothing is cut or wrapped for it.
ENDLESS = 100_000
#: What the columns that may be cut have at least, all together.
LEGIBLE = 16


def has_width() -> bool:
    """Whether what is printed is as wide as a terminal, and no wider."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


class _Console(Console):
    """A console that escapes control characters: what it prints was mostly written by models, services and other callers."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Text to print."""
        return super().render_str(escape_lines(text), **options)


console = _Console(highlight=False, markup=False, width=None if has_width() else ENDLESS)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, shorten: bool = False) -> None:
    """A table without lines. What is too wide is folded; with `shorten` a row is a line, and only the first column folds."""
    rows = [[escape_line(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="none", show_header=any(headings))
    for number, (heading, width) in enumerate(zip(headings, _widths([headings, *rows], is_cut=shorten), strict=True)):
        is_cut = shorten and number > 0
        table.add_column(
            Text.assemble((escape_line(heading), "bold")),  # a span, so that the padding behind it has no style
            no_wrap=is_cut,
            overflow="ellipsis" if is_cut else "fold",
            width=width,
            style="cyan" if number == 0 else "",
        )
    for row in rows:
        table.add_row(*row)
    print_trimmed(table)


def _widths(rows: Sequence[Sequence[str]], *, is_cut: bool) -> list[int]:
    """How wide each column is: whole, else with whole words in all of them, else the first with half of the terminal."""
    columns = list(zip(*rows, strict=True))
    wanted = [max(map(cell_len, column)) for column in columns]
    least = [wanted[0], *(0 if is_cut else _longest_word(column) for column in columns[1:])]
    room = console.width - 2 * (len(wanted) - 1)
    if sum(least) > room - (LEGIBLE if is_cut else 0):
        least = [min(wanted[0], room // 2), *(0 for _ in wanted[1:])]
    more = _shared(room - sum(least), [most - few for most, few in zip(wanted, least, strict=True)])
    return [few + some for few, some in zip(least, more, strict=True)]


def _longest_word(cells: Sequence[str]) -> int:
    return max((cell_len(word) for cell in cells for word in cell.split()), default=0)


def _shared(room: int, wanted: Sequence[int]) -> list[int]:
    """What each gets of the room: those that want little all of it, the others equal parts of the rest."""
    shares = [0] * len(wanted)
    for done, number in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        shares[number] = min(wanted[number], room // (len(wanted) - done))
        room -= shares[number]
    return shares


def print_columns(columns: Sequence[Sequence[str]]) -> None:
    """Columns of equal width, each headed by its first text; a row in which none has a text is left out."""
    heads, *rows = zip(*columns, strict=True)
    table = Table(box=None, pad_edge=False, header_style="none", expand=True, padding=(0, 2, 0, 0))
    for head in heads:
        table.add_column(Text.assemble((escape_line(head), "bold cyan")), overflow="fold", ratio=1)
    for number, row in enumerate(each for each in rows if any(each)):
        table.add_row(*row, style="" if number == 0 else "dim")
        if number == 0:
            table.add_row()
    print_trimmed(table)


def print_trimmed(what: RenderableType) -> None:
    """Print it as wide as the terminal, without the spaces that rich leaves at the ends of lines."""
    with console.capture() as printed:
        console.print(what)
    for line in printed.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


class Show(Protocol):
    """Tells how much is done, from 0 to 1 (None: nobody knows), and in which words."""

    def __call__(self, done: float | None, words: str = "") -> None: ...


@contextlib.contextmanager
def watching(what: str, *, step: int = 1) -> Iterator[Show]:
    """Gives a function to tell how much is done: a bar in a terminal, elsewhere a line for every `step` percent."""
    if not sys.stderr.isatty():
        yield _line_by_line(what, step)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(escape_line(what), total=None)

        def show(done: float | None, words: str = "") -> None:
            if done is not None:
                bar.update(task, total=1.0, completed=done)
            if words:
                bar.update(task, description=escape_line(words))

        yield show


def _line_by_line(what: str, step: int) -> Show:
    shown = -step

    def show(done: float | None, words: str = "") -> None:
        nonlocal shown
        percent = shown if done is None else int(done * 100)
        if percent >= shown + step:
            shown = percent - percent % step
            note(f"{words or what}: {percent} %")

    return show
