"""`aix config`: what it shows, what it writes, and what it refuses."""

from __future__ import annotations

import io
import json
import os
import pty
import stat
import subprocess
import sys
import termios
import time
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aixplain.cli import main
from aixplain.hub import Hub
from aixplain.hub.embedded import start

KEY = "a-key-that-nobody-may-see"
AIX = (sys.executable, "-c", "from aixplain.cli import main; main()")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings" / "config.toml"


@pytest.fixture
def environment(path: Path) -> dict[str, str]:
    """For an `aix` in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")}
    return {"LC_ALL": "C.UTF-8", **kept, "AIXPLAIN_CONFIG": str(path)}


@pytest.fixture
def config(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`config("set", …, input=…, NAME="…")` gives status, stdout and stderr. Whatever happens, no key is shown."""
    monkeypatch.setenv("AIXPLAIN_CONFIG", str(path))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # aix sets its own

    def run(*words: str, input: str = "", **settings: str) -> tuple[int, str, str]:
        with monkeypatch.context() as now:
            for name, value in settings.items():
                now.setenv(name, value)
            now.setattr(sys, "argv", ["aix", "config", *words])
            now.setattr(sys, "stdin", io.StringIO(input))
            with pytest.raises(SystemExit) as end:
                main()
        out, err = capsys.readouterr()
        assert KEY not in out + err
        return int(end.value.code or 0), out, err

    return run


@pytest.fixture
def shown(config: Run) -> Callable[..., dict[str, Any]]:
    """What `aix config show --json` tells."""

    def show(*words: str, **settings: str) -> dict[str, Any]:
        status, out, _ = config("show", "--json", *words, **settings)
        assert status == 0
        told: dict[str, Any] = msgspec.json.decode(out)
        return told

    return show


def test_path_is_where_the_file_would_be(config: Run, path: Path) -> None:
    assert config("path") == (0, f"{path}\n", "")
    assert not path.exists()
    home = config("path", AIXPLAIN_CONFIG="", XDG_CONFIG_HOME="/home/me/.settings")
    assert home[1] == "/home/me/.settings/aixplain/config.toml\n"


def test_a_setting_is_set_shown_and_removed(config: Run, shown: Any, path: Path) -> None:
    status, out, said = config("set", "backend_url", "http://127.0.0.1:8180")
    assert (status, out) == (0, "")
    assert said == f"Set backend_url of profile 'default' in {path}.\n"
    config("set", "strict", "yes")
    config("set", "read_timeout", "60")
    assert tomllib.loads(path.read_text())["profiles"]["default"] == {
        "backend_url": "http://127.0.0.1:8180",
        "strict": True,
        "read_timeout": 60.0,
    }
    assert shown() == {
        "profile": "default",
        "api_key": None,
        "backend_url": "http://127.0.0.1:8180",
        "model_url": "http://127.0.0.1:8180/api/v2/execute",
        "strict": True,
        "connect_timeout": 10.0,
        "read_timeout": 60.0,
        "max_response_bytes": 536870912,
    }
    assert config("unset", "strict")[2] == f"Removed strict of profile 'default' from {path}.\n"
    assert shown()["strict"] is False
    assert config("unset", "strict")[0] == 2


def test_a_key_is_piped_in_and_shown_by_its_end_alone(config: Run, shown: Any, path: Path) -> None:
    assert config("set", "api_key", input=f"{KEY}\n")[0] == 0
    assert tomllib.loads(path.read_text())["profiles"]["default"]["api_key"] == KEY
    assert shown()["api_key"] == "…-see"
    assert "api_key             …-see" in config("show")[1]


def test_a_key_is_asked_for_unseen_in_a_terminal(environment: dict[str, str], path: Path) -> None:
    ours, its = pty.openpty()
    code = "import os; os.login_tty(0); from aixplain.cli import main; main()"
    command = [sys.executable, "-c", code, "config", "set", "api_key"]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        while termios.tcgetattr(ours)[3] & termios.ECHO:
            time.sleep(0.01)
        os.write(ours, KEY.encode() + b"\n")
        seen = b"".join(iter(lambda: read(ours), b""))
        assert process.wait(30) == 0
    os.close(ours)
    assert seen.startswith(b"api_key:")
    assert KEY.encode() not in seen
    assert tomllib.loads(path.read_text())["profiles"]["default"]["api_key"] == KEY


def read(terminal: int) -> bytes:
    """What the terminal was sent next; empty once nobody has it open."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_nobody_else_can_read_the_file_or_look_into_its_folder(config: Run, path: Path) -> None:
    config("set", "api_key", input=KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    config("set", "strict", "true")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_profile_has_one_key(config: Run, path: Path) -> None:
    config("set", "api_key", input=KEY)
    config("set", "api_key_command", "pass show aixplain")
    config("set", "api_key_env", "WORK_KEY")
    assert tomllib.loads(path.read_text())["profiles"]["default"] == {"api_key_env": "WORK_KEY"}


def test_profiles_are_listed_with_their_place_and_where_their_key_is(config: Run) -> None:
    assert config("list")[1] == ""
    config("set", "api_key", "-p", "mine", input=KEY)
    config("set", "backend_url", "https://hub.example.com", "-p", "work")
    config("set", "api_key_command", "pass show aixplain", "-p", "work")
    config("set", "api_key_env", "LAB_KEY", "-p", "lab")
    assert config("use", "work")[0] == 0
    assert [line.split(maxsplit=3) for line in config("list")[1].splitlines()] == [
        ["mine", "the", "platform", "…-see"],
        ["*", "work", "https://hub.example.com", "`pass show aixplain`"],
        ["lab", "the", "platform", "$LAB_KEY (not set)"],
    ]
    assert config("list", AIXPLAIN_PROFILE="lab")[1].splitlines()[2].startswith("*  lab")
    assert json.loads(config("list", "--json")[1])[:2] == [
        {"name": "mine", "in_use": False, "url": None, "key": "…-see"},
        {"name": "work", "in_use": True, "url": "https://hub.example.com", "key": "`pass show aixplain`"},
    ]


def test_show_tells_what_the_environment_and_a_profile_come_to(config: Run, shown: Any) -> None:
    config("set", "backend_url", "https://hub.example.com", "-p", "work")
    config("use", "work")
    assert shown()["backend_url"] == "https://hub.example.com"
    assert shown(TEAM_API_KEY=KEY)["api_key"] is None
    assert "none for this place; that of TEAM_API_KEY is not used" in config("show", TEAM_API_KEY=KEY)[1]
    assert shown(TEAM_API_KEY=KEY, BACKEND_URL="http://127.0.0.1:1")["api_key"] == "…-see"
    assert "http://127.0.0.1:1                 the environment" in config("show", BACKEND_URL="http://127.0.0.1:1")[1]


def test_a_command_is_not_run_to_show_it(config: Run, shown: Any, tmp_path: Path) -> None:
    config("set", "api_key_command", f"touch {tmp_path / 'ran'}")
    assert shown()["api_key"] == f"`touch {tmp_path / 'ran'}`"
    assert not (tmp_path / "ran").exists()


def test_what_a_person_wrote_into_the_file_stays(config: Run, path: Path) -> None:
    path.parent.mkdir()
    path.write_text('# my own\n[profiles.work]   # the team\nstrict = true\n\n[profiles."two words"]\nstrict = false\n')
    config("set", "read_timeout", "5", "-p", "work")
    text = path.read_text()
    assert "# my own\n[profiles.work]   # the team\nstrict = true\nread_timeout = 5.0\n" in text
    assert '[profiles."two words"]\nstrict = false\n' in text


def test_a_link_to_the_file_stays_a_link(config: Run, path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("")
    path.parent.mkdir()
    path.symlink_to(real)
    config("set", "strict", "true")
    assert path.is_symlink()
    assert "strict = true" in real.read_text()


def test_removing_the_profile_in_use_leaves_none_in_use(config: Run, shown: Any, path: Path) -> None:
    config("set", "strict", "true", "-p", "work")
    config("use", "work")
    assert config("unset", "-p", "work")[2] == f"Removed profile 'work' from {path}.\n"
    assert "default_profile" not in tomllib.loads(path.read_text())
    assert shown()["profile"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "strit", "yes"], "strit is no setting of a profile (did you mean 'strict'?)"),
        (["set", "strict", "maybe"], "strict is true or false, not 'maybe'"),
        (["set", "read_timeout", "soon"], "read_timeout is a number of seconds above 0, not 'soon'"),
        (["set", "backend_url", "nowhere"], "'nowhere' is no address of a service"),
        (["set", "backend_url"], "What is backend_url to be? aix config set backend_url VALUE"),
        (["set", "api_key"], "api_key is a text"),
        (["use", "nothing"], "There is no profile 'nothing' because there is no file"),
        (["show", "-p", "nothing"], "There is no profile 'nothing' because there is no file"),
        (["unset", "strict"], "There is no profile 'default'"),
    ],
)
def test_what_can_not_be_set_is_a_sentence_and_changes_nothing(config: Run, path: Path, words: list[str], said: str) -> None:
    status, out, err = config(*words)
    assert (status, out) == (2, "")
    assert err.startswith("aix: ")
    assert said in err
    assert not path.exists()


def test_a_file_that_is_broken_is_not_overwritten(config: Run, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f'[profiles.work]\napi_key = "{KEY}')
    status, _, err = config("set", "strict", "true")
    assert status == 2
    assert "is no TOML" in err
    assert KEY in path.read_text()


def test_commands_use_the_profile_in_use(config: Run, environment: dict[str, str]) -> None:
    hub = start(hub=Hub(keys=[KEY]))
    hub.wait_until_ready()
    try:
        config("set", "backend_url", hub.url)
        config("set", "api_key", input=KEY)
        command = [*AIX, "run", "aixplain/sentiment", "I love this"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=50)
    finally:
        hub.close()
    assert (done.returncode, done.stdout, done.stderr) == (0, "POSITIVE\n", "")
