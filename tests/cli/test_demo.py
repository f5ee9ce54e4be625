"""`aix demo` is a tour of real runs that ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from aixplain.cli.booklet import write_booklet
from aixplain.cli.demo import STEPS

#: Something that the answer of each step has.
ANSWERS = {
    "search": "aixplain/keywords",
    "show": "How many sentences to keep",
    "run aixplain/sentiment": "\nPOSITIVE\n",
    "run aixplain/summarize": "\nThe James Webb telescope has taken its sharpest image of distant galaxies.\n",
    "run aixplain/split-sentences": "\nThe telescope, launched in Dec. 2021, orbits the Sun far beyond the Moon.\n",
    "run aixplain/document-text": "bytes of text now.",
}


def test_the_tour_shows_each_command_with_its_answer_and_what_to_try_next(aix: Callable[..., Any], tmp_path: Path) -> None:
    done = aix("demo", settings={"TEAM_API_KEY": "a-key-that-nobody-may-see", "TMPDIR": str(tmp_path)})
    assert done.status == 0
    steps = done.out.split("\n$ aix ")[1:]
    assert len(steps) == len(STEPS) == len(ANSWERS)
    for shown, (start, answer) in zip(steps, ANSWERS.items(), strict=True):
        assert shown.startswith(start)
        assert answer in shown
    assert "Accepted as run " in done.err
    assert done.err.endswith("running: 100 %\n")
    assert "Try next:" in steps[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_tour_fits_a_terminal_of_80_columns(terminal: Callable[..., Any]) -> None:
    screen = terminal("demo")
    assert screen.status == 0
    assert [line for line in screen.lines if cell_len(line) > 80] == []
    assert any("━" in line and "100 %" in line for line in screen.lines)


def test_the_booklet_is_a_pdf_of_pythons_own_help(tmp_path: Path) -> None:
    from pypdf import PdfReader

    path = tmp_path / "help.pdf"
    write_booklet(path)
    reader = PdfReader(path, strict=True)
    assert len(reader.pages) > 50
    assert "".join(reader.pages[0].extract_text().split()).startswith("ASSERT")


@pytest.mark.parametrize(("started_as", "on_path", "typed"), [(".venv/bin/aix", "", ".venv/bin/aix"), ("pytest", "", "aix")])
def test_what_to_try_next_is_typed_as_the_demo_was(
    monkeypatch: pytest.MonkeyPatch, started_as: str, on_path: str, typed: str
) -> None:
    from aixplain.cli import demo

    monkeypatch.setattr("sys.argv", [started_as, "demo"])
    monkeypatch.setenv("PATH", on_path)
    assert demo._name_to_type() == typed
