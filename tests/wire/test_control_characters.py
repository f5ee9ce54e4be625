"""Control characters of other people's text reach neither logs nor terminals."""

from __future__ import annotations

import pytest

from aixplain._wire.control_characters import escape_line, escape_lines

BOTH = [
    ("\x1b[2J", r"\x1b[2J"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("\x9b31m", r"\u009b31m"),
    ("\x00\x08\x0b\x0c\x0e\x1f\x7f", r"\x00\x08\x0b\x0c\x0e\x1f\u007f"),
    ("\x85\u2028\u2029", r"\u0085\u2028\u2029"),
    ("user\u202etxt.exe", r"user\u202etxt.exe"),
    ("\u2066a\u2069\u202ab\u202c", r"\u2066a\u2069\u202ab\u202c"),
    ("half a pair: \ud83d", r"half a pair: \ud83d"),
]
UNTOUCHED = ["", "plain", "späße", "日本語 テキスト", "no\u00a0break", "👩\u200d👩\u200d👧", "zero\u200bwidth", r"C:\new\x1b"]


@pytest.mark.parametrize("escape", [escape_line, escape_lines])
@pytest.mark.parametrize(("text", "escaped"), BOTH)
def test_what_steers_a_terminal_is_escaped(escape: object, text: str, escaped: str) -> None:
    assert callable(escape)
    assert escape(text) == escaped


@pytest.mark.parametrize("text", UNTOUCHED)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert escape_line(text) == escape_lines(text) == text


def test_a_line_has_no_line_breaks_tabs_or_marks_of_direction() -> None:
    assert escape_line("a\r\nb\tc\u200f") == r"a\r\nb\tc\u200f"


def test_lines_keep_their_breaks_tabs_and_marks_of_direction() -> None:
    assert escape_lines("a\r\nb\n\tc\u200f") == "a\r\nb\n\tc\u200f"


def test_a_carriage_return_alone_would_write_over_the_line() -> None:
    assert escape_lines("harmless\rforged\r\r\n") == "harmless\\rforged\\r\r\n"
