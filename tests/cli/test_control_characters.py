"""What models, services and callers write can't steer the terminal that it is printed to."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import pytest

from aixplain.cli import output, screen

EVIL = "red \x1b[31m\x1b]52;c;AAAA\x07 \x9b2J \u202e"


class Terminal(io.StringIO):
    """What a terminal is sent."""

    def isatty(self) -> bool:
        return True


def on_terminal(print_it: Callable[[], None]) -> str:
    """All that is printed where stdout and stderr are a terminal."""
    sent = Terminal()
    with contextlib.redirect_stdout(sent), contextlib.redirect_stderr(sent):
        print_it()
    return sent.getvalue()


@pytest.mark.parametrize(
    "print_it",
    [
        output.print_answer,
        output.print_piece,
        output.note,
        lambda text: output.print_answer([text]),
        lambda text: output.print_json({text: text}),
        screen.console.print,
        lambda text: screen.console.print(text, style="bold", end="  "),
        screen.print_trimmed,
        lambda text: screen.print_table(("model", text), [(text, text)]),
        lambda text: screen.print_table(("model", "about"), [(text, text)], shorten=True),
        lambda text: screen.print_columns([[text, text], [text, text]]),
    ],
)
def test_no_escape_sequence_of_others_is_printed(print_it: Callable[[str], None]) -> None:
    printed = on_terminal(lambda: print_it(EVIL))
    assert "red" in printed
    assert not [each for each in ("\x1b[31m", "\x1b]52", "\x07", "\x9b", "\u202e") if each in printed]


def test_an_answer_keeps_its_lines_and_tabs() -> None:
    assert on_terminal(lambda: output.print_answer("one\n\ttwo\n")) == "one\n\ttwo\n"


def test_a_cell_of_a_table_makes_no_row() -> None:
    printed = on_terminal(lambda: screen.print_table(("model",), [("acme/x\nacme/forged",)]))
    assert printed.splitlines() == ["model", r"acme/x\nacme/forged"]


def test_a_file_or_a_program_gets_the_answer_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_answer(EVIL)
    output.print_piece(EVIL)
    assert capsys.readouterr().out == f"{EVIL}\n{EVIL}"
