r"""Escape control characters in text from outside before it reaches a log or a terminal.

A newline forges a log line; an escape sequence (ESC, or the C1 code U+009B) rewrites a terminal, its title or its clipboard; a
bidirectional override shows text in another order than it has. They are written as Python and JSON write them, `\n`, `\x1b` and
`\u202e`, so nothing is lost.
"""

from __future__ import annotations

import re

#: C0 and C1 controls and DEL, line and paragraph separators, bidirectional marks, embeddings, overrides and isolates, and lone
#: surrogates, which no stream can encode.
_ALL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Text of several lines keeps line feeds, with or without a carriage return before them, and tabs; and the marks that
#: right-to-left text needs, which reorder no more than the letters beside them do.
_IN_LINES = re.compile("(?!\r\n)[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def escape_line(text: str) -> str:
    r"""Escape everything that could end, hide or reorder a line: for log lines and names.

    >>> print(escape_line("a\nINFO forged \x1b[2J"))
    a\nINFO forged \x1b[2J
    """
    return text if text.isprintable() else _ALL.sub(_escaped, text)


def escape_lines(text: str) -> str:
    r"""Escape all control characters but line feeds and tabs: for text of several lines.

    >>> print(escape_lines("two\nlines \x1b[31mred"))
    two
    lines \x1b[31mred
    """
    return text if text.isprintable() else _IN_LINES.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x20 else f"\\u{code:04x}")
