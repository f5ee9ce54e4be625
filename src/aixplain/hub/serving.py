"""What `aix hub serve` is told: by options, by the environment, by a file, in this order of strength.

Each has one name everywhere: `log_level` in the file, `AIXPLAIN_HUB_LOG_LEVEL` in the environment, `--log-level` where it is
an option too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from aixplain._wire.validation import did_you_mean
from aixplain.hub.logs import Format, Level
from aixplain.hub.settings import Settings

#: How alike the names of two variables are, from 0 to 1, when one seems to be meant for the other.
NEAR = 0.9
PREFIX, IN_FILE = "AIXPLAIN_HUB_", "_FILE"
#: Settings with several values, which the environment separates by commas.
LISTS = ("keys", "trusted_proxies")
#: Names the file.
CONFIG = "AIXPLAIN_HUB_CONFIG"


@dataclass(frozen=True, slots=True)
class Serving(Settings):
    """The settings of a hub, and how it is served.

    `data` is a folder, None the user's own; `database` the address of a PostgreSQL database that is shared, for which `work` is
    done here or left to others; `keys` are API keys; `tls_cert` and `tls_key` are PEM files.
    """

    host: str = "127.0.0.1"
    port: int = 8180
    data: str | None = None
    database: str | None = None
    work: bool = True
    keys: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None
    log_format: Format = "text"
    log_level: Level = "warning"
    _said: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """Names of what was said, which may be what it is anyway."""

    def over(self, settings: Settings) -> Settings:
        """These settings of a program, but what was said here."""
        said = [each.name for each in fields(Settings) if each.name in self._said]
        return replace(settings, **{name: getattr(self, name) for name in said})


def read(options: Mapping[str, Any], environment: Mapping[str, str]) -> Serving:
    """What is said, the options that are None aside; the option `config` names the file. Raises ValueError, with a sentence."""
    types = {name: kind for name, kind in get_type_hints(Serving).items() if not name.startswith("_")}
    file = options.get("config") or environment.get(CONFIG)
    said = dict(_in_file(Path(file), types)) if file else {}
    said |= _in_environment(environment, types)
    for name, value in options.items():
        if value is not None and name != "config":
            said[name] = _converted(f"--{name.replace('_', '-')}", value, types[name], strict=True)
    return Serving(**said, _said=frozenset(said))


def _in_file(path: Path, types: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"The settings file {path} can't be read: {error.strerror}.") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise ValueError(f"The settings file {path} is no TOML: {error}.") from error
    for name, value in content.items():
        if name not in types:
            raise ValueError(f"{name!r} in {path} is no setting of a hub{did_you_mean(name, types)}.")
        yield name, _converted(f"{name} in {path}", value, types[name], strict=True)


def _in_environment(environment: Mapping[str, str], types: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A variable that is none of ours may be anyone's, unless it is nearly one of ours."""
    variables = {f"{PREFIX}{name.upper()}": name for name in types}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable == CONFIG:
            continue
        whole = variable.removesuffix(IN_FILE)
        name = variables.get(variable) or variables.get(whole)
        if name is None:
            _check_far(variable, variables)
            continue
        value = text if variable in variables else _content(variable, Path(text))
        yield name, _converted(variable, _split(value) if name in LISTS else value, types[name], strict=False)


def _check_far(variable: str, variables: Mapping[str, str]) -> None:
    import difflib  # slow to import, and needed when something is wrong

    near = difflib.get_close_matches(variable, variables, n=1, cutoff=NEAR)
    if near:
        raise ValueError(f"The variable {variable} means nothing to a hub. Did you mean {near[0]}?")


def _content(variable: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ValueError(f"The file {path}, which {variable} names, can't be read: {error}.") from error


def _split(keys: str) -> list[str]:
    """Keys are separated by commas or, in a file, by lines."""
    return [key.strip() for key in keys.replace("\n", ",").split(",") if key.strip()]


def _converted(called: str, value: Any, kind: Any, *, strict: bool) -> Any:
    """The value as its setting wants it. The error doesn't show it: it may be a key."""
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        choices = f" It is {' or '.join(get_args(kind))}." if get_origin(kind) is Literal else ""
        raise ValueError(f"{called} can't be used: {error}.{choices}") from error
