"""What a person sees in a terminal of 80 columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from aixplain.cli import screen as screens

Terminal = Callable[..., Any]
COLOURS = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|38|48)[;m]")


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (["search"], 80),
        (["search"], 60),
        (["show", "aixplain/keywords"], 80),
        (["show", "aixplain/document-text"], 80),
        (["show", "acme/typed"], 60),
        (["search", "--help"], 80),
        (["runs", "list"], 80),
        (["runs", "list"], 60),
        (["compare", "acme/costs,acme/talk", "hello " * 40], 80),
        (["doctor"], 60),
    ],
)
def test_no_line_is_wider_than_the_terminal(terminal: Terminal, words: list[str], columns: int) -> None:
    screen = terminal(*words, columns=columns)
    assert screen.status == 0
    assert max(map(cell_len, screen.lines)) <= columns


def test_no_line_is_wider_than_the_terminal_when_no_hub_answers(terminal: Terminal) -> None:
    screen = terminal("hub", "doctor", "--hub", "http://127.0.0.1:9", columns=80)
    assert screen.status == 1
    assert max(map(cell_len, screen.lines)) <= 80


def test_a_sentence_about_an_error_is_cut_between_words(terminal: Terminal) -> None:
    screen = terminal("run", "acme/typed", "hi", "whole=10")
    assert screen.status == 2
    assert max(map(cell_len, screen.lines)) <= 80
    assert " ".join(screen.lines).startswith(
        "aix: Parameter validation failed: Parameter 'whole' has invalid value 10. Expected"
    )


def test_a_row_of_a_search_is_a_line_that_tells_where_it_is_cut(terminal: Terminal) -> None:
    heading, *rows = terminal("search", "--path", "aixplain").lines
    assert heading.split() == ["model", "what", "it", "is"]
    assert len(rows) > 6
    assert all(row.startswith("aixplain/") for row in rows)
    assert any(row.endswith("…") for row in rows)


def test_a_long_path_stands_whole_and_leaves_room_for_what_stands_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screens, "console", Console(width=80, markup=False))
    path = "maker/" + "-".join(str(number) for number in range(40))
    screens.print_table(("model", "what it is"), [(path, "Tells a story. " * 9), ("maker/short", "Shouts.")], shorten=True)
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["model", "what", "it", "is"]
    assert "".join(row.split(maxsplit=1)[0] for row in rows[:-1]) == path
    assert rows[0].endswith("…")
    assert rows[-1].split() == ["maker/short", "Shouts."]
    assert max(map(cell_len, rows)) <= 80


def test_a_table_folds_between_words_and_cuts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screens, "console", Console(width=44, markup=False))
    screens.print_table(("name", "id", "used"), [("Ada Lovelace", "ab08284d6fbe2844", "2026-11-24 11:40")])
    assert capsys.readouterr().out.splitlines() == [
        "name          id                used",
        "Ada Lovelace  ab08284d6fbe2844  2026-11-24",
        "                                11:40",
    ]


def test_a_wide_terminal_shows_what_models_do(terminal: Terminal) -> None:
    screen = terminal("search", "--path", "aixplain/keywords", columns=120)
    assert screen.lines[1].split()[:2] == ["aixplain/keywords", "keyword-extraction"]
    assert cell_len(screen.lines[1]) <= 120


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_are_for_terminals_that_want_them(terminal: Terminal, settings: dict[str, str], coloured: bool) -> None:
    assert bool(COLOURS.search(terminal("show", "acme/say", settings=settings).raw)) is coloured


def test_a_run_in_the_background_shows_a_bar_and_then_the_answer(terminal: Terminal, gate: Any) -> None:
    gate.set()
    lines = [line.strip() for line in terminal("run", "acme/gated-work", "--async", "worth it").lines if line.strip()]
    assert lines[0].startswith("Accepted as run ")
    assert any("━" in line and "100 %" in line for line in lines)
    assert lines[-1] == "worth it"


def test_no_line_ends_in_spaces(terminal: Terminal) -> None:
    lines = [*terminal("search").lines, *terminal("show", "aixplain/summarize").lines]
    assert [line for line in lines if line != line.rstrip()] == []


def test_an_answer_is_not_wrapped_so_that_it_can_be_copied(terminal: Terminal) -> None:
    text = "word " * 40 + "end"
    assert terminal("run", "acme/say", text).lines == [text]


def test_ids_of_runs_are_short_in_a_terminal(terminal: Terminal) -> None:
    terminal("run", "acme/say", "hi")
    heading, first, *_ = terminal("runs", "list").lines
    assert heading.split() == ["run", "status", "accepted", "took", "model"]
    assert len(first.split()[0]) == 8
    assert terminal("runs", "show", first.split()[0]).status == 0


def test_a_map_shows_a_bar_with_what_failed(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,whole\nhi,1\nho,99\n")
    screen = terminal("map", "acme/typed", "in.csv", "--to", "out.csv")
    assert any("2 of 2 rows, 1 failed ━" in line for line in screen.lines)
    assert max(map(cell_len, screen.lines)) <= 80


def test_rows_in_a_terminal_have_no_bar_among_them(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nhi\n")
    assert terminal("map", "acme/say", "in.csv").lines == ["text,result,error", "hi,hi,", "1 of 1 rows."]
