"""The tab key completes commands, options, models and inputs, in the shells that are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

from .conftest import KEY, environment

#: `aix`, as the shells find it: beside this Python.
HERE = Path(sys.executable).parent


@pytest.fixture
def settings(hub: EmbeddedHub, tmp_path: Path) -> dict[str, str]:
    path = os.pathsep.join([str(HERE), os.environ["PATH"]])
    return environment({"BACKEND_URL": hub.url, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": path, "HOME": str(tmp_path)})


@pytest.fixture
def complete(settings: dict[str, str], tmp_path: Path) -> Callable[..., list[str]]:
    """What `aix` answers a shell for a line up to the cursor."""

    def ask(line: str, shell: str = "fish", **more: str) -> list[str]:
        asked = {**settings, "_AIX_COMPLETE": shell, "_AIX_LINE": line, **more}
        done = subprocess.run([HERE / "aix"], env=asked, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.splitlines()

    return ask


Complete = Callable[..., list[str]]


def test_commands_and_options(complete: Complete) -> None:
    assert complete("aix r") == ["run\tRun a model.", "runs\tList the runs of a hub, show, attend, cancel and retry them."]
    assert [line.split("\t")[0] for line in complete("aix runs ")] == ["list", "show", "attach", "cancel", "retry"]
    assert [line.split("\t")[0] for line in complete("aix run acme/say --")] == [
        *("--stream", "--async", "--timeout", "--output", "--overwrite", "--hub", "--json"),
        "--help",
    ]
    assert complete("aix nonsense ") == []


def test_models_and_their_inputs(complete: Complete) -> None:
    assert complete("aix run acme/sa") == ["acme/say\tAnswers with the text."]
    assert complete("aix compare acme/say,acme/si") == ["acme/say,acme/size\tHow many bytes a file has."]
    assert complete("aix run --timeout 3 acme/typed w") == ["whole=\tA number", "words=\ttext"]
    assert complete("aix run acme/typed mood=") == ["mood=glad", "mood=angry"]
    assert complete("aix run acme/typed loud=t") == ["loud=true"]


def test_an_equals_sign_ends_a_word_in_bash(complete: Complete) -> None:
    assert complete("aix run acme/typed mood=a", "bash") == ["angry"]
    assert complete("aix run acme/typed wh", "bash") == ["whole="]


def test_files_behind_an_at_sign(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    (tmp_path / "letters").mkdir()
    assert complete("aix run acme/say @let") == ["@letter.txt", "@letters/"]
    assert complete("aix run acme/size document=@letter.") == ["document=@letter.txt"]


def test_names_that_need_no_service(complete: Complete, tmp_path: Path) -> None:
    assert complete("aix search --function text-su") == ["text-summarization\tText summarization"]
    assert complete("aix config set back") == ["backend_url"]
    assert complete("aix completion ") == ["bash", "zsh", "fish"]
    assert complete("aix hub add claude --vendor anth") == ["anthropic"]
    (tmp_path / "config.toml").write_text("[profiles.work]\nstrict = true\n")
    assert complete("aix config use ", AIXPLAIN_CONFIG=str(tmp_path / "config.toml")) == ["work"]


def test_runs_by_the_end_of_their_ids(complete: Complete, aix: Callable[..., Any]) -> None:
    aix("run", "acme/say", "hi")
    assert complete("aix runs show ")[0].endswith("\tfinished acme/say")


def test_what_a_service_told_is_kept_for_the_next_tab(complete: Complete) -> None:
    assert complete("aix run acme/sa") == complete("aix run acme/sa")
    assert complete("aix run --hub http://127.0.0.1:9 acme/sa") == []  # and for no other one


def test_a_key_is_in_no_file_and_no_error_is_seen(complete: Complete, tmp_path: Path, guarded: EmbeddedHub) -> None:
    assert complete("aix run aixplain/k", TEAM_API_KEY=KEY, BACKEND_URL=guarded.url) != []
    assert complete("aix run aixplain/k", BACKEND_URL=guarded.url) == []
    assert KEY not in "".join(path.read_text() for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_an_unknown_shell_is_refused(refused: Callable[..., str]) -> None:
    assert refused("completion", "bsh") == "There is no completion for 'bsh' (did you mean 'bash'?)."


def test_bash_completes(settings: dict[str, str], tmp_path: Path) -> None:
    script = 'eval "$(aix completion bash)"; COMP_LINE=$1; COMP_POINT=${#1}; _aix aix; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", "aix run acme/typed mood="],
        env=settings,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("glad\nangry\n", "")


def test_fish_completes(settings: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed here")
    script = 'aix completion fish | source; complete -C "aix run acme/typed who"; complete -C "aix map acme/say in."'
    (tmp_path / "in.csv").touch()
    done = subprocess.run(["fish", "-c", script], env=settings, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["whole=\tA number", "in.csv"]


def test_zsh_completes(settings: dict[str, str], typist: Callable[..., Any]) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed here")
    at = typist("-f", "-i", command=("zsh",), settings={**settings, "PS1": "READY"})
    at.wait_for("READY")
    at.type("autoload -Uz compinit; compinit -u -D\n")
    at.type("eval \"$(aix completion zsh)\"; PS1='S''ET'\n")
    at.wait_for("SET")
    at.type("aix run acme/typed hi who\t3\n")
    assert '"text": "hi"' in at.wait_for('"whole": 3')
