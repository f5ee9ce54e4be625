"""Where settings come from: arguments, environment, profile, platform; and that no key goes to another one's place."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain import Aixplain, APIError
from aixplain.hub.embedded import EmbeddedHub
from aixplain.v2._settings import Settings
from aixplain.v2.exceptions import ConfigurationError

PLATFORM = "https://platform-api.aixplain.com"
RUNS = "https://models.aixplain.com/api/v2/execute"
HUB = "https://hub.example.com"
OTHER = "https://other.example.com"

Write = Callable[..., Path]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """`config('[profiles.x] …')` writes the file that clients read."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, "utf-8")
        path.chmod(mode)
        monkeypatch.setenv("AIXPLAIN_CONFIG", str(path))
        return path

    return write


def made(**arguments: Any) -> Settings:
    """The settings of a client that is made here and now."""
    return Aixplain(**arguments).settings


def place(settings: Settings) -> tuple[str, str, str | None]:
    return settings.backend_url, settings.model_url, settings.api_key


# --- The order ------------------------------------------------------------------------------------

WORK = f"""
default_profile = "work"

[profiles.work]
api_key = "file-key"
backend_url = "{HUB}"
strict = true
connect_timeout = 3
read_timeout = 40.5
"""


def test_without_a_file_all_is_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_API_KEY", "env-key")
    assert place(made()) == (PLATFORM, RUNS, "env-key")


def test_the_default_profile_is_used_when_nothing_else_is_said(config: Write) -> None:
    config(WORK)
    settings = made()
    assert place(settings) == (HUB, f"{HUB}/api/v2/execute", "file-key")
    assert (settings.strict, settings.connect_timeout, settings.read_timeout) == (True, 3, 40.5)


def test_a_profile_called_default_needs_no_choosing(config: Write) -> None:
    config('[profiles.default]\napi_key = "file-key"')
    assert place(made()) == (PLATFORM, RUNS, "file-key")


def test_a_file_that_chooses_nothing_changes_nothing(config: Write) -> None:
    config(WORK.replace('default_profile = "work"', ""))
    assert place(made(api_key="k")) == (PLATFORM, RUNS, "k")


def test_an_argument_is_stronger_than_a_profile(config: Write) -> None:
    config(WORK)
    settings = made(api_key="mine", strict=False, connect_timeout=1, read_timeout=2)
    assert place(settings) == (HUB, f"{HUB}/api/v2/execute", "mine")
    assert (settings.strict, settings.connect_timeout, settings.read_timeout) == (False, 1, 2)


def test_the_environment_is_stronger_than_the_file(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config(WORK.replace(HUB, OTHER))
    monkeypatch.setenv("BACKEND_URL", HUB)
    monkeypatch.setenv("TEAM_API_KEY", "env-key")
    assert place(made()) == (HUB, f"{HUB}/api/v2/execute", "env-key")


def test_the_environment_chooses_a_profile(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config(WORK + f'[profiles.home]\napi_key = "home-key"\nbackend_url = "{OTHER}"')
    monkeypatch.setenv("AIXPLAIN_PROFILE", "home")
    assert place(made()) == (OTHER, f"{OTHER}/api/v2/execute", "home-key")


def test_a_profile_that_is_named_by_an_argument_is_stronger_than_the_environment(
    config: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(WORK + '[profiles.mine]\napi_key = "my-key"')
    monkeypatch.setenv("BACKEND_URL", OTHER)
    monkeypatch.setenv("TEAM_API_KEY", "env-key")
    assert place(made(profile="work")) == (HUB, f"{HUB}/api/v2/execute", "file-key")


def test_two_profiles_live_side_by_side(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config(WORK + '[profiles.mine]\napi_key = "my-key"')
    monkeypatch.setenv("TEAM_API_KEY", "env-key")
    assert place(made(profile="mine")) == (PLATFORM, RUNS, "my-key")
    assert place(made(profile="work"))[2] == "file-key"


def test_the_file_is_found_under_xdg_config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aixplain").mkdir()
    (tmp_path / "aixplain" / "config.toml").write_text(WORK)
    (tmp_path / "aixplain" / "config.toml").chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert made().backend_url == HUB


def test_a_profile_works_in_both_colours(connect: Any, config: Write, hub: EmbeddedHub) -> None:
    config(f'[profiles.here]\nbackend_url = "{hub.url}"')
    assert connect(profile="here").Model.get("acme/shout").run(text="hi").data == "HI!"


# --- Keys and places ------------------------------------------------------------------------------


def test_the_environments_key_goes_to_an_address_that_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As code for the official package expects it, of another platform or a hub."""
    monkeypatch.setenv("TEAM_API_KEY", "env-key")
    assert made(backend_url=HUB).api_key == "env-key"
    monkeypatch.setenv("BACKEND_URL", OTHER)
    assert made(backend_url=HUB).api_key == "env-key"
    assert made(model_url=f"{OTHER}/run").api_key == "env-key"


def test_the_environments_key_does_not_go_to_the_place_of_a_profile(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config(f'[profiles.hub]\nbackend_url = "{HUB}"')
    monkeypatch.setenv("TEAM_API_KEY", "platform-key")
    monkeypatch.setenv("AIXPLAIN_PROFILE", "hub")
    assert place(made()) == (HUB, f"{HUB}/api/v2/execute", None)
    assert made(profile="hub").api_key is None


def test_a_profiles_own_key_is_used_where_the_environments_may_not_go(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config(WORK)
    monkeypatch.setenv("TEAM_API_KEY", "platform-key")
    assert place(made()) == (HUB, f"{HUB}/api/v2/execute", "file-key")


def test_a_profiles_key_does_not_go_to_an_address_from_elsewhere(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config(WORK)
    assert made(backend_url=OTHER).api_key is None
    assert made(profile="work", backend_url=OTHER).api_key is None
    assert made(profile="work", model_url=f"{OTHER}/run").api_key is None
    monkeypatch.setenv("BACKEND_URL", OTHER)
    assert made().api_key is None
    assert made(profile="work").api_key == "file-key"


def test_a_profiles_key_goes_to_its_own_place_whoever_names_it(config: Write) -> None:
    config(WORK)
    assert made(backend_url=f"{HUB}:443/").api_key == "file-key"


def test_an_address_for_runs_in_the_environment_takes_no_key_from_a_profile(
    config: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(WORK)
    monkeypatch.setenv("MODELS_RUN_URL", f"{OTHER}/run")
    with pytest.raises(ConfigurationError, match="API key is required") as error:
        made()
    assert f"The key of profile 'work' is for {HUB} alone." in str(error.value)


def test_a_profile_for_the_platform_and_the_environments_key_are_one_place(
    config: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(f'[profiles.default]\nbackend_url = "{PLATFORM}"')
    monkeypatch.setenv("TEAM_API_KEY", "platform-key")
    assert place(made()) == (PLATFORM, RUNS, "platform-key")


def test_no_key_at_all_names_both_variables() -> None:
    with pytest.raises(ConfigurationError, match="TEAM_API_KEY or AIXPLAIN_API_KEY"):
        made()


# --- Keys that are not in the file ------------------------------------------------------------------


def test_a_key_is_in_a_variable_that_the_profile_names(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config('[profiles.default]\napi_key_env = "WORK_KEY"')
    monkeypatch.setenv("WORK_KEY", "from-variable")
    assert made().api_key == "from-variable"


def test_a_variable_that_is_not_set_is_told_with_its_place(config: Write) -> None:
    path = config('# mine\n[profiles.default]\napi_key_env = "WORK_KEY"')
    with pytest.raises(ConfigurationError) as error:
        made()
    assert str(error.value) == (
        f"{path}, line 3: in profile 'default', the key is to be in the environment variable WORK_KEY, which is not set."
    )


@pytest.mark.parametrize("kind", ["text", "list"])
def test_a_key_is_what_a_command_prints(config: Write, kind: str) -> None:
    program = "print('from-command')"
    command = f'"{sys.executable} -c \\"{program}\\""' if kind == "text" else f'["{sys.executable}", "-c", "{program}"]'
    config(f"[profiles.default]\napi_key_command = {command}")
    assert made().api_key == "from-command"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('["/nowhere/to-be-found"]', "can't be run"),
        (f'["{sys.executable}", "-c", "raise SystemExit(3)"]', "ended with status 3, and gave no key"),
        (f'["{sys.executable}", "-c", ""]', "printed no key"),
    ],
)
def test_a_command_that_gives_no_key_says_why(config: Write, command: str, words: str) -> None:
    path = config(f"[profiles.default]\napi_key_command = {command}")
    with pytest.raises(ConfigurationError, match=words) as error:
        made()
    assert str(error.value).startswith(f"{path}, line 2: in profile 'default', `")


def test_a_command_is_not_run_for_a_key_that_is_not_needed(config: Write, tmp_path: Path) -> None:
    config(f'[profiles.default]\napi_key_command = "touch {tmp_path / "ran"}"')
    made(api_key="mine")
    made(backend_url=HUB)
    assert not (tmp_path / "ran").exists()


# --- A file that is not right -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[profiles.a]\n\napi_kee = "x"', 3, "api_kee is no setting of a profile (did you mean 'api_key'?)"),
        ('[profiles.b]\n[profiles.a]\nstrict = "yes"', 3, "strict is true or false, not 'yes'"),
        ("[profiles.a]\nread_timeout = -1", 2, "read_timeout is a number of seconds above 0, not -1"),
        ("[profiles.a]\napi_key = 5", 2, "api_key is a text, not this value"),
        ('[profiles.a]\nbackend_url = "hub"', 2, "'hub' is no address of a service"),
        ('[profiles.a]\nbackend_url = "http://far.example.com"', 2, "plain http to another machine"),
        ("[profiles.a]\napi_key_command = []", 2, "api_key_command is a command"),
        ('[ profiles . "a" ]\n"api_key" = "x"\napi_key_env = "X"', 3, "there is api_key too; a profile has one of"),
        ('api_key = "x"', 1, "api_key is no setting here; settings of a profile stand under [profiles.NAME]"),
        ('default_profile = "b"\n[profiles.a]', 1, "default_profile is 'b', and there is no such profile"),
        ("default_profile = 1\n[profiles.a]", 1, "default_profile is the name of a profile, not 1"),
        ('profiles = "a"', 1, "stand under [profiles.NAME]"),
        ('[profiles]\na = "x"', None, "stand under [profiles.NAME]"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_setting(config: Write, text: str, line: int | None, words: str) -> None:
    path = config(text)
    with pytest.raises(ConfigurationError) as error:
        made(api_key="k", profile=None if "default_profile" in text else "a")
    where = f"{path}, line {line}:" if line else f"{path}:"
    assert str(error.value).startswith(where)
    assert words in str(error.value)


def test_a_file_that_is_no_toml_says_where(config: Write) -> None:
    path = config('[profiles.a]\napi_key = "secret-key')
    with pytest.raises(ConfigurationError, match=r"is no TOML: .*at (line 2|end of document)") as error:
        made(api_key="k")
    assert str(path) in str(error.value)
    assert "secret-key" not in shown_with_variables(error.value)


def test_a_file_that_can_not_be_read_says_so(config: Write) -> None:
    path = config("")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="can't be read"):
        made(api_key="k")


def test_a_profile_that_is_not_there_is_told_with_the_nearest(config: Write) -> None:
    path = config(WORK)
    with pytest.raises(ConfigurationError, match="did you mean 'work'") as error:
        made(profile="wrok")
    assert f"There is no profile 'wrok' in {path}" in str(error.value)
    assert "`aix config set api_key --profile wrok` makes it" in str(error.value)


def test_a_profile_without_a_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIXPLAIN_PROFILE", "work")
    with pytest.raises(ConfigurationError, match=r"because there is no file /nowhere/aixplain/config\.toml"):
        made()


@pytest.mark.skipif(os.name != "posix", reason="others are a matter of POSIX modes")
def test_a_key_that_others_can_read_is_warned_of(config: Write) -> None:
    path = config(WORK, mode=0o644)
    with pytest.warns(UserWarning, match=f"other users of this machine can read it: chmod 600 {path}"):
        made()


def test_a_file_without_a_key_may_be_read_by_others(config: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    config('[profiles.default]\napi_key_env = "WORK_KEY"', mode=0o644)
    monkeypatch.setenv("WORK_KEY", "k")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made()


# --- Keys are shown nowhere -----------------------------------------------------------------------

SECRET = "a-key-that-nobody-may-see"


def shown_with_variables(error: BaseException) -> str:
    """A traceback as the shells and services write it that show variables: all of our frames, none of the test's."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    for each in chain(told):
        each.stack[:] = [frame for frame in each.stack if "/aixplain/" in frame.filename]
    return "".join(told.format())


def chain(told: traceback.TracebackException | None) -> list[traceback.TracebackException]:
    return (
        [] if told is None else [told, *chain(told.__cause__), *([] if told.__suppress_context__ else chain(told.__context__))]
    )


@pytest.mark.parametrize("how", ["argument", "environment", "file", "variable", "command"])
def test_a_key_is_in_no_traceback_however_much_it_shows(
    connect: Any, hub: EmbeddedHub, config: Write, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    arguments: dict[str, Any] = {"backend_url": hub.url}
    if how == "argument":
        arguments["api_key"] = SECRET
    elif how == "environment":
        monkeypatch.setenv("TEAM_API_KEY", SECRET)
    else:
        monkeypatch.setenv("WORK_KEY", SECRET)
        line = {
            "file": f'api_key = "{SECRET}"',
            "variable": 'api_key_env = "WORK_KEY"',
            "command": f'api_key_command = ["{sys.executable}", "-c", "print(\'{SECRET[:9]}\' + \'{SECRET[9:]}\')"]',
        }[how]
        config(f'[profiles.default]\nbackend_url = "{hub.url}"\n{line}')
        arguments = {}
    aix = connect(**arguments)
    assert aix.settings.api_key == SECRET
    with pytest.raises(APIError) as error:
        aix.Model.get("acme/nothing")
    told = shown_with_variables(error.value)
    assert "_send.py" in told
    assert SECRET not in told + repr(aix.target if hasattr(aix, "target") else aix) + repr(aix.settings) + str(error.value.curl)


@pytest.mark.parametrize(
    "arguments",
    [{"backend_url": "nowhere"}, {"read_timeout": -1}, {"profile": "none"}, {"backend_url": "http://far.example.com"}],
)
def test_a_client_that_can_not_be_made_shows_no_key(connect: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as error:
        connect(api_key=SECRET, **arguments)
    assert SECRET not in shown_with_variables(error.value)


def test_a_broken_profile_shows_no_key_of_it(config: Write) -> None:
    config(f'[profiles.default]\napi_key = "{SECRET}"\nstrict = 1')
    with pytest.raises(ConfigurationError) as error:
        made()
    assert SECRET not in shown_with_variables(error.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda model: type(model).get("acme/nothing", api_key=SECRET),
        lambda model: type(model).search("x", api_key=SECRET, nothing=1),
        lambda model: model.run(text="x", api_key=SECRET, times=100),
        lambda model: model.run_async(text=object(), api_key=SECRET),
        lambda model: model.poll("nothing", api_key=SECRET),
        lambda model: model.sync_poll("nothing", api_key=SECRET),
        lambda model: model.cancel("nothing", api_key=SECRET),
        lambda model: model.map(["x"], api_key=SECRET, concurrency=0),
    ],
)
def test_a_key_that_is_passed_to_a_call_is_in_no_traceback(hub: EmbeddedHub, call: Callable[[Any], Any]) -> None:
    with Aixplain(backend_url=hub.url) as aix:
        model = aix.Model.get("acme/shout")
        with pytest.raises((APIError, ValueError, TypeError)) as error:
            call(model)
    assert SECRET not in shown_with_variables(error.value)
