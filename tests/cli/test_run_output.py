"""`aix run -o` saves an answer; a terminal gets a few words in place of base64, and a pipe the data as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Aix = Callable[..., Any]
Refused = Callable[..., str]
Terminal = Callable[..., Any]

BYTES = bytes(range(256)) * 20
PICTURE = "data:image/png;base64," + base64.b64encode(BYTES).decode()


def test_media_are_saved_as_they_are(aix: Aix, tmp_path: Path) -> None:
    done = aix("run", "acme/say", "-", "-o", "a.png", input=PICTURE.encode())
    assert (done.status, done.out, done.err) == (0, "", "Saved a.png, 5.1 kB.\n")
    assert (tmp_path / "a.png").read_bytes() == BYTES
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_text_and_data_and_whole_answers_are_saved(aix: Aix, tmp_path: Path) -> None:
    aix("run", "acme/say", "grüße", "-o", "a.txt")
    assert (tmp_path / "a.txt").read_text("utf-8") == "grüße"
    aix("run", "acme/typed", "hi", "-o", "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["text"] == "hi"
    aix("run", "acme/say", "hi", "-o", "whole.json", "--json")
    assert json.loads((tmp_path / "whole.json").read_text())["data"] == "hi"


def test_a_folder_gets_a_file_in_it_and_a_dash_is_stdout(aix: Aix, tmp_path: Path) -> None:
    assert aix("run", "acme/say", "-", "-o", "new/", input=PICTURE.encode()).status == 0
    [path] = (tmp_path / "new").iterdir()
    assert path.read_bytes() == BYTES
    assert aix("run", "acme/say", "hi", "-o", "-").out == "hi"


def test_a_file_that_is_there_is_replaced_only_with_overwrite(aix: Aix, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    said = refused("run", "acme/say", "hi", "-o", "kept.txt")
    assert said == "'kept.txt' is there already, and nothing was run. Name another file, or add --overwrite."
    assert (tmp_path / "kept.txt").read_text() == "mine"
    assert aix("run", "acme/broken", "hi", "-o", "kept.txt", "--overwrite").status == 1
    assert (tmp_path / "kept.txt").read_text() == "mine"
    assert aix("run", "acme/say", "hi", "-o", "kept.txt", "--overwrite").status == 0
    assert (tmp_path / "kept.txt").read_text() == "hi"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "nowhere/a.txt"), "nowhere' for 'a.txt' is not there."),
        (("-o", ""), "-o is followed by the name of a file, and this one is empty."),
        (("-o", ".", "--json"), "goes into one file"),
        (("-o", "a.txt", "--stream"), "--stream and -o exclude each other"),
    ],
)
def test_what_can_not_be_saved_is_refused_before_anything_is_run(refused: Refused, words: tuple[str, ...], said: str) -> None:
    assert said in refused("run", "acme/say", "hi", *words)


@pytest.mark.parametrize("words", [(), ("--json",), ("--stream",), ("--async",)])
def test_a_terminal_gets_a_few_words_in_place_of_base64(
    terminal: Terminal, aix: Aix, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "picture.txt").write_text(PICTURE)
    model = "acme/talk" if words == ("--stream",) else "acme/say"
    screen = terminal("run", model, "text=@picture.txt", *words)
    shown = " ".join(screen.lines)
    assert screen.status == 0
    assert "[image/png, 5.1 kB; add -o FILE" in shown
    assert len(shown) < 1000
    assert PICTURE in aix("run", model, "text=@picture.txt", *words).out
