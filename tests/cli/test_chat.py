"""`aix chat` is a conversation: in a terminal, and with lines that are piped in."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Aix = Callable[..., Any]
Refused = Callable[..., str]
Sit = Callable[..., Any]


@pytest.fixture(autouse=True)
def closed(gate: threading.Event) -> Iterator[None]:
    gate.clear()
    yield
    gate.set()


def said(aix: Aix, *lines: str, words: tuple[str, ...] = ()) -> Any:
    return aix("chat", "acme/talk", *words, input="".join(f"{line}\n" for line in lines).encode())


def test_a_model_is_told_what_was_said_before(aix: Aix) -> None:
    done = said(aix, "one", "", "two")
    assert (done.status, done.err) == (0, "")
    assert done.out == "0 before, no context, 0.5: one\n2 before, no context, 0.5: two\n"


def test_how_to_behave_and_inputs_are_set(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "how.txt").write_text("be kind")
    done = said(
        aix, "a", "/set heat=0.9", "/system be brief", "b", "/system -", "/set heat=", "c", words=("--system", "@how.txt")
    )
    assert done.out.splitlines() == [
        "0 before, be kind, 0.5: a",
        "2 before, be brief, 0.9: b",
        "4 before, no context, 0.5: c",
    ]


def test_what_was_said_is_taken_back_and_forgotten(aix: Aix) -> None:
    done = said(aix, "a", "b", "/undo", "c", "/clear", "d", "/clear", "/undo")
    assert [line.split()[0] for line in done.out.splitlines()] == ["0", "2", "2", "0"]
    assert done.err.splitlines() == [
        "The last message and its answer are taken back.",
        "What was said is forgotten.",
        "What was said is forgotten.",
        "Nothing was said yet.",
    ]


def test_a_conversation_is_saved_and_gone_on_with(aix: Aix, tmp_path: Path) -> None:
    assert said(aix, "/system be kind", "a", "/set heat=0.9", "/save kept.json").err.endswith(
        "Saved 2 messages in kept.json.\n"
    )
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert (kept["model"], kept["system"], kept["settings"]) == ("acme/talk", "be kind", {"heat": 0.9})
    assert kept["messages"][0] == {"role": "user", "content": "a"}
    done = aix("chat", "acme/say", input=b"/load kept.json\nmore\n/quit\nnever\n")
    assert done.out == "2 before, be kind, 0.9: more\n"
    assert "Went on with 2 messages with acme/talk." in done.err


def test_another_model_goes_on(aix: Aix) -> None:
    done = said(aix, "a", "/model acme/say", "b", "/model acme/talk", "c", "/model")
    assert done.out.splitlines() == ["0 before, no context, 0.5: a", "b", "4 before, no context, 0.5: c"]
    assert "This is acme/say, which is not told what was said before: each message stands alone." in done.err
    assert done.err.endswith("This is acme/talk.\n")


def test_answers_are_lines_of_json_when_asked(aix: Aix) -> None:
    lines = said(aix, "a", "b", words=("--json",)).out.splitlines()
    assert json.loads(lines[1]) == {"role": "assistant", "content": "2 before, no context, 0.5: b"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/sve x", "There is no /sve (did you mean 'save'?). /help lists what there is."),
        ("/save", "/save is followed by the name of a file."),
        ("/load none.json", "'none.json' can't be read: No such file or directory."),
        ("/load odd.json", "'odd.json' is no conversation that /save has written"),
        ("/set heat=hot", "heat is a number, not 'hot'."),
        ("/set het=1", "acme/talk has no input 'het' (did you mean 'heat'?)."),
        ("/set text=1", "An input is set as in /set temperature=0.5; /set lists them."),
        ("/model acme/none", "There is no model 'acme/none' on this hub"),
        ("/model acme/size", "acme/size takes no text, so there is no talking with it."),
    ],
)
def test_what_can_not_be_done_is_a_sentence(refused: Refused, tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "odd.json").write_text("[]")
    assert refused("chat", "acme/talk", input=f"{line}\n".encode()).startswith(told)


def test_a_failure_ends_a_pipe_with_status_1(aix: Aix) -> None:
    done = aix("chat", "acme/broken", input=b"hi\nthere\n")
    assert done.status == 1
    assert "this text is not for me" in done.err


def test_in_a_terminal_an_error_ends_nothing(typist: Sit) -> None:
    at = typist("chat", "acme/broken")
    at.wait_for("> ")
    at.type("hi\n")
    at.wait_for("this text is not for me\n")
    at.type("/frob\n")
    at.wait_for("aix: There is no /frob")
    at.wait_for("\n> ")
    assert at.leave() == 0


def test_ctrl_c_stops_an_answer_and_keeps_what_came(typist: Sit, gate: threading.Event) -> None:
    at = typist("chat", "acme/talk")
    at.wait_for("> ")
    at.type("slow\n")
    at.wait_for("0 before, no context, 0.5: ")
    at.interrupt()
    at.wait_for("(stopped)\n> ")
    at.type("half a line")
    at.wait_for("half a line")
    at.wait_until_it_reads()  # readline minds Ctrl-C while it waits, and not while it takes what was typed
    at.interrupt()
    at.wait_for("> ")
    at.type("next\n")
    at.wait_for("2 before, no context, 0.5: next\n> ")
    assert at.leave() == 0


def test_earlier_lines_come_back_and_slash_commands_complete(typist: Sit, tmp_path: Path) -> None:
    at = typist("chat", "acme/say")
    at.wait_for("> ")
    at.type("remember me\n")
    at.wait_for("remember me\nremember me\n> ")
    assert at.leave() == 0
    history = tmp_path / "aixplain" / "chat_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    at = typist("chat", "acme/say")
    at.wait_for("> ")
    at.type("\x1b[A\n")
    at.wait_for("remember me\nremember me\n> ")
    at.type("/he\t\n")
    at.wait_for("/save FILE")
    at.wait_for("\n> ")
    assert at.leave() == 0
