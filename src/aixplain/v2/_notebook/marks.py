"""The pieces of HTML that the others are built from.

Whatever comes from a service is escaped here. Colours are the page's own, stronger or weaker, so that they suit a light
and a dark one; styles stand at the elements, because notebooks take sheets away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

#: Letters of a text that are shown; a result may have megabytes.
LONGEST = 20_000

_TABLE = "border-collapse:collapse;font-size:inherit;margin:.4em 0"
_ROW = "border-bottom:1px solid rgba(128,128,128,.3);vertical-align:top;background:none"
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;margin:.3em 0;max-height:30em;overflow:auto"


def text(value: Any) -> str:
    """Words as they are.

    >>> text("<script>")
    '&lt;script&gt;'
    """
    return escape(str(value))


def strong(value: Any) -> str:
    """Words that stand out."""
    return f"<strong>{text(value)}</strong>"


def faint(value: Any) -> str:
    """Words that don't."""
    return f'<span style="opacity:.7">{text(value)}</span>'


def code(value: Any) -> str:
    """A name that a program uses."""
    return f"<code>{text(value)}</code>"


def line(*parts: str) -> str:
    """Parts, already HTML, in one line; empty ones are left out."""
    return f'<div style="margin:.2em 0">{" ".join(filter(None, parts))}</div>'


def long_text(value: str) -> str:
    """A text with its lines, of which the end is left out when it is very long."""
    left = len(value) - LONGEST
    more = faint(f"… and {left:,} more characters") if left > 0 else ""
    return f'<div style="{_TEXT}">{text(value[:LONGEST])}</div>{more}'


def json(value: Any) -> str:
    """Data as indented JSON."""
    import msgspec

    try:
        shown = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except (ValueError, RecursionError):  # nested too deeply, or with a number of thousands of digits
        return faint(f"a {type(value).__name__} that is too large to be shown")
    return f'<div style="{_TEXT};font-family:monospace">{text(shown[:LONGEST])}{"…" if len(shown) > LONGEST else ""}</div>'


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells that are HTML already."""
    head = _row("th", map(text, headings))
    body = "".join(_row("td", each) for each in rows)
    return f'<table cellpadding="4" style="{_TABLE}"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _row(kind: str, cells: Iterable[str]) -> str:
    inside = "".join(f'<{kind} style="text-align:left">{cell}</{kind}>' for cell in cells)
    return f'<tr style="{_ROW}">{inside}</tr>'


def value(given: Any) -> str:
    """A value of an input: text as it is, data as JSON, nothing for None."""
    if given is None:
        return ""
    import msgspec

    return code(given if isinstance(given, str) else msgspec.json.encode(given, enc_hook=str).decode())
