"""The bar: a line in a terminal, an element in a notebook, nothing anywhere else."""

from __future__ import annotations

import io
from typing import Any

import pytest

from aixplain.v2 import _progress
from aixplain.v2._progress import Bar, Notebook, Terminal


@pytest.fixture(autouse=True)
def drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "SHORTEST_PAUSE", 0.0)


class Display:
    """Stands in for a notebook's page: what it shows now."""

    def __init__(self) -> None:
        self.html = ""

    def __call__(self, element: dict[str, str], *, raw: bool, display_id: bool) -> Display:
        assert raw
        assert display_id
        self.html = element["text/html"]
        return self

    def update(self, element: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.html = element["text/html"]


def test_a_terminal_shows_one_line_and_wipes_it_at_the_end() -> None:
    screen = io.StringIO()
    with Bar("Translate", Terminal(screen)) as bar:
        bar.update(0.5, "3 of 6")
        assert "\rTranslate ███████████████░░░░░░░░░░░░░░░  50% 3 of 6" in screen.getvalue()
    assert "\n" not in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_work_of_unknown_length_has_no_share() -> None:
    screen = io.StringIO()
    with Bar("run", Terminal(screen)) as bar:
        bar.update(None)
    assert "\rrun … 0 s" in screen.getvalue()
    assert "%" not in screen.getvalue()


def test_a_notebook_shows_an_element_and_takes_it_away() -> None:
    page = Display()
    with Bar("a <b>", Notebook(page)) as bar:
        bar.update(0.25)
        assert "a &lt;b&gt; <progress max='1' value=\"0.250\">" in page.html
    assert page.html == ""


def test_an_error_leaves_no_bar_behind() -> None:
    screen = io.StringIO()
    with pytest.raises(ValueError, match="broke"), Bar("run", Terminal(screen)):
        raise ValueError("it broke")
    assert screen.getvalue().endswith("\r\x1b[K")


def test_where_there_is_no_terminal_nothing_is_written(aix: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert aix.Model.get("acme/slow").run(text="x", show_progress=True).data == "x"
    assert capsys.readouterr() == ("", "")


def test_a_watched_run_still_tells_its_own_listener(aix: Any) -> None:
    told: list[Any] = []
    aix.Model.get("acme/slow").run(text="x", steps=8, wait_time=0.03, show_progress=True, on_progress=told.append)
    assert told
