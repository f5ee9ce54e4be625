"""`aix run` runs a model on what is typed, what is in a file, and what is piped in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

Aix = Callable[..., Any]


def test_a_bare_text_is_the_main_input_and_the_answer_stands_alone_on_stdout(aix: Aix) -> None:
    done = aix("run", "acme/say", "Γειά, κόσμε")
    assert (done.status, done.out, done.err) == (0, "Γειά, κόσμε\n", "")


def test_typed_values_reach_the_model_as_its_types(aix: Aix) -> None:
    typed = ("whole=3", "part=0.5", "loud=yes", 'extra={"a": [1]}', "words=one", "words=two", "mood=angry")
    answer = json.loads(aix("run", "acme/typed", "text=007", *typed).out)
    assert answer == {
        "text": "007",
        "whole": 3,
        "part": 0.5,
        "loud": True,
        "extra": {"a": [1]},
        "words": ["one", "two"],
        "mood": "angry",
    }


def test_one_value_of_several_is_a_list_too(aix: Aix) -> None:
    assert json.loads(aix("run", "acme/typed", "hi", "words=one", "loud=FALSE").out)["words"] == ["one"]


@pytest.mark.parametrize("text", ["E=mc² is famous", "text=E=mc²", "https://example.com/?a=b", "a\nb=c d", "-"])
def test_a_text_with_an_equals_sign_stays_a_text(aix: Aix, text: str) -> None:
    assert aix("run", "acme/say", text, input=b"piped").out == text.removeprefix("text=").replace("-", "piped") + "\n"


@pytest.mark.parametrize("words", [(), ("-",), ("text=-",), ("@piece.txt",), ("text=@piece.txt",)])
def test_a_text_comes_from_a_pipe_or_a_file(aix: Aix, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "piece.txt").write_bytes("\N{ZERO WIDTH NO-BREAK SPACE}naïve\nlines\n".encode())  # with a byte order mark
    assert aix("run", "acme/say", *words, input="naïve\nlines\n".encode()).out == "naïve\nlines\n"


def test_a_pipe_fills_the_main_input_beside_what_is_typed(aix: Aix) -> None:
    assert json.loads(aix("run", "acme/typed", "whole=2", input=b"piped").out)["text"] == "piped"
    assert json.loads(aix("run", "acme/typed", "typed", input=b"piped").out)["text"] == "typed"


def test_a_model_without_a_main_input_needs_none(aix: Aix) -> None:
    assert aix("run", "acme/optional").out == "UTC\n"
    assert aix("run", "acme/optional", "zone=CET", input=b"unasked").out == "CET\n"


@pytest.mark.parametrize("words", [("@letter.bin",), ("letter.bin",), ("document=@letter.bin",), ("document=-",), ()])
def test_a_file_input_is_sent_up(aix: Aix, tmp_path: Path, words: tuple[str, ...]) -> None:
    content = bytes(range(256))
    (tmp_path / "letter.bin").write_bytes(content)
    assert aix("run", "acme/size", *words, input=content).out == "256\n"


def test_json_gives_the_whole_answer(aix: Aix) -> None:
    answer = json.loads(aix("run", "acme/say", "hi", "--json").out)
    assert (answer["status"], answer["data"], answer["completed"]) == ("SUCCESS", "hi", True)
    assert answer["requestId"]


def test_an_answer_that_is_no_text_is_printed_as_json(aix: Aix) -> None:
    assert json.loads(aix("run", "aixplain/keywords", "count=1", "Rust compiles to machine code").out)


def test_options_may_stand_anywhere_and_a_text_may_begin_with_a_dash(aix: Aix) -> None:
    assert aix("run", "--timeout", "20", "acme/say", "--", "-5 degrees").out == "-5 degrees\n"


def test_a_stream_prints_pieces_and_ends_its_last_line(aix: Aix) -> None:
    done = aix("run", "aixplain/split-sentences", "--stream", "One. Two.")
    assert (done.status, done.out, done.err) == (0, "One.\nTwo.\n", "")


def test_a_stream_as_json_is_a_line_of_json_for_each_piece(aix: Aix) -> None:
    done = aix("run", "aixplain/split-sentences", "-s", "--json", "One. Two.")
    assert [json.loads(line)["data"] for line in done.out.splitlines()][:2] == ["One.\n", "Two.\n"]


def test_a_model_that_fails_is_a_sentence_and_status_1(aix: Aix) -> None:
    done = aix("run", "acme/broken", "hi")
    assert (done.status, done.out) == (1, "")
    assert "this text is not for me" in done.err


def test_a_stream_that_fails_keeps_what_came_and_ends_the_line(aix: Aix) -> None:
    done = aix("run", "acme/broken-pieces", "--stream", "hi")
    assert (done.status, done.out) == (1, "half\n")
    assert "the other half is lost" in done.err


def test_letters_that_the_terminal_lacks_are_written_as_escapes(aix: Aix, hub: EmbeddedHub) -> None:
    done = aix("run", "acme/say", "naïve Γ", settings={"BACKEND_URL": hub.url, "PYTHONIOENCODING": "ascii"})
    assert (done.status, done.out) == (0, "na\\xefve \\u0393\n")
