"""`aix hub serve PROGRAM`: models of one's own beside the built-in ones, and a sentence for what is wrong about a program."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.cli import reload
from aixplain.hub import Hub, HubError, Settings
from aixplain.hub.programs import hub_of, models_in

Aix = Callable[..., Any]
Refused = Callable[..., str]
Started = Callable[..., Any]

SHOUT = """
from aixplain.hub import {kind}
{name} = {kind}()

@{name}.model("{path}")
def shout(text: str) -> str:
    return text.upper() + "{mark}"
"""


def program(kind: str = "Models", name: str = "models", path: str = "acme/shout", mark: str = "!") -> str:
    return SHOUT.format(kind=kind, name=name, path=path, mark=mark)


def address_in(running: Any) -> str:
    """The address that a hub tells when it is ready, whatever it says before."""
    for line in running.stderr:
        if told := re.match(r"The hub serves (\d+) models at (\S+) and keeps", line):
            return told[2]
    raise AssertionError("the hub ended")


def serve(started: Started, *words: str) -> Any:
    return started("hub", "serve", *words, "--port", "0", "--data", "kept", settings={})


# --- What is served -------------------------------------------------------------------------------


def test_files_and_modules_are_served_beside_the_built_in_models(started: Started, aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("MARK = '?'\n")
    (tmp_path / "app.py").write_text("from beside import MARK\n" + program("Hub", "hub") + "hub.serve()\n")
    (tmp_path / "more.py").write_text(program(path="acme/more", mark="!!"))
    running = serve(started, "app.py", "more:models")
    url = address_in(running)
    for path, answer in [("acme/shout", "A!\n"), ("acme/more", "A!!\n"), ("aixplain/transliterate", "a\n")]:
        assert aix("run", path, "a", "--hub", url, settings={}).out == answer
    running.interrupt()
    assert running.end().status == 0


def test_a_model_of_a_program_runs_in_a_process_of_its_own(started: Started, aix: Aix, tmp_path: Path) -> None:
    text = program("Hub", "hub").replace('"acme/shout"', '"acme/shout", process=True') + "hub.serve()\n"
    (tmp_path / "app.py").write_text(text)
    running = serve(started, "app.py")
    assert aix("run", "acme/shout", "a", "--hub", address_in(running), settings={}).out == "A!\n"
    running.interrupt()
    assert running.end().status == 0


def test_a_hub_says_what_it_serves_and_for_whom(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from aixplain.hub import Hub\nhub = Hub(builtin=False, keys=['of the file'])\n")
    (tmp_path / "more.py").write_text(program())
    hub = hub_of([str(tmp_path / "more.py"), str(tmp_path / "app.py")], ["of the environment"])
    assert (set(hub.entries), hub.keys) == ({"acme/shout"}, ("of the file", "of the environment"))


def test_two_hubs_are_joined_unless_their_settings_differ(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text(program("Hub", "hub"))
    two.write_text(program("Hub", "hub", path="acme/two"))
    assert set(hub_of([str(one), str(two)], []).entries) == {*Hub().entries, "acme/shout", "acme/two"}
    two.write_text("from aixplain.hub import Hub, Settings\nhub = Hub(settings=Settings(files_kept=1.0))\n")
    assert hub_of([str(two)], []).settings == Settings(files_kept=1.0)
    with pytest.raises(HubError, match="has other settings than the first one"):
        hub_of([str(one), str(two)], [])


def test_a_hub_comes_before_the_collections_that_it_was_made_of(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(program() + "from aixplain.hub import Hub\nhub = Hub(builtin=False)\nalias = hub\nhub.include(models)\n")
    assert isinstance(models_in(str(path)), Hub)
    assert not isinstance(models_in(f"{path}:models"), Hub)


def test_a_program_is_read_up_to_where_it_serves(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(
        program("Hub", "hub") + "try:\n    hub.serve('0.0.0.0')\nexcept Exception:\n    hub = None\nraise SystemExit\n"
    )
    assert "acme/shout" in models_in(str(path)).entries


# --- What is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (None, "app.py", "There is no file app.py. It is a file such as app.py, or a module"),
        (None, "no.such.module", "There is no module no.such.module, here or among the installed ones."),
        (None, "no such", "There is no module no such, here"),
        ("x = 1", "app.py", "app.py has no Hub and no Models at its top level, so there is nothing to serve."),
        ("x = 1", "app.py:x", "app.py has no Hub and no Models with the name 'x'."),
        (
            program() + program(name="others", path="b"),
            "app.py",
            "more than one Models: models and others. Name one: app.py:models",
        ),
        ("def (:", "app.py", "app.py can't be read, because its own code raised SyntaxError: invalid syntax"),
        ("import no_such_thing", "app", "its own code raised ModuleNotFoundError: No module named 'no_such_thing'"),
        ("import sys; sys.exit(3)", "app", "its own code raised SystemExit: 3"),
        (
            program(path="aixplain/sentiment"),
            "app.py",
            "There are two models at the path 'aixplain/sentiment'; a path names one.",
        ),
    ],
)
def test_what_is_wrong_about_a_program_is_a_sentence(aix: Aix, tmp_path: Path, text: str | None, name: str, words: str) -> None:
    if text is not None:
        (tmp_path / "app.py").write_text(text)
    done = aix("hub", "serve", name, "--port", "0", "--data", "d", settings={})
    assert (done.status, done.out) == (2, "")
    assert words in done.err.splitlines()[-1]
    assert done.err.splitlines()[-1].startswith("aix: ")


def test_what_a_program_raises_is_shown_from_its_own_line_on(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def divide():\n    return 1 / 0\n\ndivide()\n")
    done = aix("hub", "serve", "app.py", "--port", "0", "--data", "d", settings={})
    first, *_, last = done.err.splitlines()
    assert first == f'  File "{tmp_path / "app.py"}", line 4, in <module>'
    assert last == "aix: app.py can't be read, because its own code raised ZeroDivisionError: division by zero"


# --- Starting again -------------------------------------------------------------------------------


def edit(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(time.time_ns(), time.time_ns()))  # two edits within a tick of the disk's clock are two


def says(aix: Aix, url: str, answer: str) -> bool:
    """Whether the model comes to answer so."""
    deadline = time.monotonic() + 20
    while aix("run", "acme/shout", "a", "--hub", url, settings={}).out != answer:
        if time.monotonic() > deadline:
            return False
    return True


def test_a_change_starts_the_hub_again_at_its_port_also_after_a_mistake(started: Started, aix: Aix, tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(program())
    running = serve(started, "app.py", "--reload")
    url = address_in(running)
    assert says(aix, url, "A!\n")
    edit(path, program(mark="?"))
    assert says(aix, url, "A?\n")
    edit(path, "def (:")
    said = list(itertools.takewhile(lambda line: "it starts again when a file changes" not in line, running.stderr))
    assert any("SyntaxError" in line for line in said)
    assert not any("Fatal Python error" in line for line in said)
    edit(path, program(mark="!!"))
    assert says(aix, url, "A!!\n")
    running.interrupt()
    assert running.end().status == 0


def test_waiting_for_the_change_after_a_mistake_takes_no_time_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(reload.time, "sleep", slept.append)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert reload._is_over(ended)
    assert slept == [reload.EVERY_SECONDS]


def test_the_hub_ends_with_the_process_that_watches(started: Started, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(program())
    running = serve(started, "app.py", "--reload")
    host, port = address_in(running).removeprefix("http://").split(":")
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the hub goes on")


def test_nothing_to_watch_is_told(refused: Refused) -> None:
    assert "Name it: aix hub serve app.py --reload." in refused("hub", "serve", "--reload")
    assert "There is no file app.py." in refused("hub", "serve", "app.py", "--reload", settings={})
