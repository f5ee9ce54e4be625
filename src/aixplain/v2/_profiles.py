"""Profiles: settings under a name, in a TOML file of this user's.

    default_profile = "work"

    [profiles.work]
    api_key_command = "pass show aixplain"     # or api_key_env = "WORK_KEY", or api_key = "…"
    backend_url = "https://hub.example.com"

    [profiles.platform]
    api_key_env = "PLATFORM_KEY"
    read_timeout = 60

Without `default_profile` the profile called `default` is used, if there is one. Nothing here is loaded unless there is
a file, or somebody names a profile.
"""

from __future__ import annotations

import os
import re
import tomllib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aixplain._wire.validation import did_you_mean
from aixplain.v2._addresses import check_address
from aixplain.v2._settings import Key, concealed, seconds, size
from aixplain.v2.exceptions import ConfigurationError

#: Seconds that a command may take to find a key; somebody may have to type a passphrase.
COMMAND_TIMEOUT = 120
#: Where a key comes from. A profile has one of these, or none.
KEYS = ("api_key", "api_key_env", "api_key_command")


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name} is a text, not {_shown(name, value)}")


def _command(name: str, value: Any) -> None:
    words = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) for word in words) or not any(words[:1]):
        raise ConfigurationError(f"{name} is a command, or a list of its words, not {value!r}")


def _address(name: str, value: Any) -> None:
    _text(name, value)
    check_address(value)


def _switch(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} is true or false, not {value!r}")


#: The settings of a profile, and what each must be.
SETTINGS: dict[str, Callable[[str, Any], object]] = {
    "api_key": _text,
    "api_key_env": _text,
    "api_key_command": _command,
    "backend_url": _address,
    "model_url": _address,
    "strict": _switch,
    "connect_timeout": seconds,
    "read_timeout": seconds,
    "max_response_bytes": size,
}


def check(name: str, value: Any) -> None:
    """Raise `ConfigurationError` unless a setting of this name can have this value."""
    if name not in SETTINGS:
        raise ConfigurationError(f"{name} is no setting of a profile{did_you_mean(name, SETTINGS)}")
    SETTINGS[name](name, value)


def _shown(name: str, value: Any) -> str:
    return "this value" if name == "api_key" else repr(value)


class Profile:
    """One profile of the file: a source of settings."""

    def __init__(self, file: ConfigFile, name: str, values: Mapping[str, Any]) -> None:
        self.called = f"profile '{name}'"
        self.name = name
        self.strict: bool | None = values.get("strict")
        self.backend_url: str | None = values.get("backend_url")
        self.model_url: str | None = values.get("model_url")
        self.connect_timeout: float | None = values.get("connect_timeout")
        self.read_timeout: float | None = values.get("read_timeout")
        self.max_response_bytes: int | None = values.get("max_response_bytes")
        self.key_from = next((each for each in KEYS if each in values), None)
        """Which setting says its key, and what it says."""
        self.said: Any = concealed(values["api_key"]) if "api_key" in values else values.get(self.key_from or "")
        self._file = file

    @property
    def has_key(self) -> bool:
        """Whether it says where a key is."""
        return self.key_from is not None

    def key(self) -> Key | None:
        """Its key, from wherever it is. Raises `ConfigurationError` when it isn't there."""
        if self.key_from == "api_key":
            self._file.warn_if_open()
            return concealed(self.said)
        try:
            return _from_variable(self.said) if self.key_from == "api_key_env" else _from_command(self.said)
        except ConfigurationError as error:
            raise self._file.problem(str(error), self.name, self.key_from) from error

    def __repr__(self) -> str:
        return f"Profile({self.name!r})"


def _from_variable(name: str) -> Key | None:
    if not os.environ.get(name):
        raise ConfigurationError(f"the key is to be in the environment variable {name}, which is not set")
    return concealed(os.environ[name])


def _from_command(command: str | list[str]) -> Key | None:
    """The first line that a command prints. What it says on stderr, and asks for, goes to the terminal."""
    import shlex  # few have a command
    import subprocess

    words = shlex.split(command) if isinstance(command, str) else command
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=COMMAND_TIMEOUT, check=True, text=True)  # noqa: S603
    except subprocess.CalledProcessError as error:
        raise ConfigurationError(f"`{shlex.join(words)}` ended with status {error.returncode}, and gave no key") from None
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"`{shlex.join(words)}` gave no key in {COMMAND_TIMEOUT} seconds") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"`{shlex.join(words)}` can't be run: {error}") from error
    key = concealed(done.stdout.partition("\n")[0].strip())
    if key is None:
        raise ConfigurationError(f"`{shlex.join(words)}` printed no key")
    return key


class ConfigFile:
    """The file, read and checked. Raises `ConfigurationError`, which names file, line and setting."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.text = self._read()
        try:
            self._content = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            # Not `from error`: its traceback holds the whole text, keys and all.
            raise ConfigurationError(f"{self.path} is no TOML: {error}") from None
        for name in self._content.keys() - {"default_profile", "profiles"}:
            raise self.problem(f"{name} is no setting here; settings of a profile stand under [profiles.NAME]", key=name)
        self._profiles: Any = self._content.get("profiles", {})
        if not isinstance(self._profiles, dict) or not all(isinstance(each, dict) for each in self._profiles.values()):
            raise self.problem("the settings of a profile stand under [profiles.NAME]", key="profiles")
        for values in self._profiles.values():
            if isinstance(values.get("api_key"), str):
                values["api_key"] = Key(values["api_key"])

    def _read(self) -> str:
        try:
            return self.path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self.path} can't be read: {error}") from error

    @property
    def names(self) -> list[str]:
        """The profiles that there are."""
        return list(self._profiles)

    @property
    def default(self) -> str | None:
        """The profile that is used when nobody names one."""
        named = self._content.get("default_profile")
        if named is None:
            return "default" if "default" in self._profiles else None
        if not isinstance(named, str):
            raise self.problem(f"default_profile is the name of a profile, not {named!r}", key="default_profile")
        if named not in self._profiles:
            hint = did_you_mean(named, self._profiles)
            raise self.problem(f"default_profile is '{named}', and there is no such profile{hint}", key="default_profile")
        return named

    def profile(self, name: str) -> Profile:
        """The profile of this name."""
        if name not in self._profiles:
            where = f"in {self.path}" if self.path.exists() else f"because there is no file {self.path}"
            hint = did_you_mean(name, self._profiles)
            raise ConfigurationError(
                f"There is no profile '{name}' {where}{hint}. `aix config set api_key --profile {name}` makes it."
            )
        values: dict[str, Any] = self._profiles[name]
        for key, value in values.items():
            try:
                check(key, value)
            except ConfigurationError as error:
                raise self.problem(str(error), name, key) from error
        keys = [key for key in KEYS if key in values]
        if len(keys) > 1:
            raise self.problem(f"there is {keys[0]} too; a profile has one of {', '.join(KEYS)}", name, keys[1])
        return Profile(self, name, values)

    def problem(self, what: str, profile: str | None = None, key: str | None = None) -> ConfigurationError:
        """The error for something in the file, with its place."""
        line = _line_of(self.text, profile, key)
        place = f"{self.path}, line {line}" if line else f"{self.path}"
        return ConfigurationError(f"{place}: {f'in profile {profile!r}, ' if profile else ''}{what}.")

    def warn_if_open(self) -> None:
        """Say so when others on this machine can read a file with a key in it."""
        if os.name == "posix" and self.path.stat().st_mode & 0o044:
            warnings.warn(
                f"{self.path} holds an API key, and other users of this machine can read it: chmod 600 {self.path}",
                stacklevel=2,
            )


def _line_of(text: str, profile: str | None, key: str | None) -> int | None:
    """The line where a setting stands, counted from 1; TOML's reader doesn't tell."""
    section, wanted = "", f"profiles.{profile}" if profile else ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            section = re.sub(r"[\s\"']", "", header[1])
            if key is not None and not profile and section == f"profiles.{key}":
                return number
        elif key and section == wanted and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return None


def choose(path: str, wanted: str | None) -> Profile | None:
    """The profile of this name, or the one that the file is for; None when it has none."""
    file = ConfigFile(path)
    name = wanted or file.default
    return None if name is None else file.profile(name)
