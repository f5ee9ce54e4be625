"""What a doctor finds, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from aixplain._wire.control_characters import escape_line, escape_lines
from aixplain.cli.output import print_json

MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "wrong": ("✗", "bold red")}


class Finding(msgspec.Struct, rename="camel"):
    """One thing that was looked at. `note` is what a person should know, `wrong` what must be changed, by the `way_out`."""

    name: str
    state: Literal["ok", "note", "wrong"]
    told: str
    way_out: str = ""


def tell(findings: Iterable[Finding], *, json: bool) -> bool:
    """Print each finding as it comes; whether nothing is wrong."""
    if json:
        found = list(findings)
        print_json(found)
    else:
        found = [_printed(each) for each in findings]
        wrong = sum(each.state == "wrong" for each in found)
        _line("", f"{wrong} of {len(found)} things are wrong." if wrong else "Nothing is wrong.", "bold")
    return all(each.state != "wrong" for each in found)


def _printed(finding: Finding) -> Finding:
    """A finding in lines that fit: its mark, its name, and what is told, with the way out below."""
    from rich.table import Table
    from rich.text import Text

    from aixplain.cli.screen import print_trimmed

    mark, style = MARKS[finding.state]
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1)
    grid.add_column(width=9, no_wrap=True)
    grid.add_column(overflow="fold")
    told = Text(escape_lines(finding.told))
    if finding.way_out:
        told.append(f"\n→ {escape_lines(finding.way_out)}", style="bold" if finding.state == "wrong" else "")
    grid.add_row(Text(mark, style=style), Text(escape_line(finding.name), style="cyan"), told)
    print_trimmed(grid)
    return finding


def _line(start: str, text: str, style: str) -> None:
    from aixplain.cli.screen import console

    console.print(start)
    console.print(text, style=style)
