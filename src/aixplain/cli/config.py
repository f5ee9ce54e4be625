"""`aix config`: the profiles, in a file of this user's, and what commands use of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.session import JsonOption

if TYPE_CHECKING:
    from aixplain.v2._profiles import ConfigFile, Profile
    from aixplain.v2._settings import Source

app = typer.Typer(help="Show and set what a client uses: keys, addresses, times.", no_args_is_help=True)

ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", "-p", metavar="NAME", help="Which profile; else the one in use.", show_default=False),
]


@app.command("show")
def show(
    profile: ProfileOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what a client here and now uses, and from where. Keys are masked."""
    from aixplain.cli.output import print_json

    rows = in_use(profile)
    if json:
        print_json({name: value for name, value, _ in rows})
    else:
        _print_columns([(name, _told(value), source) for name, value, source in rows])


@app.command("list")
def list_profiles(json: JsonOption = False) -> None:
    """List the profiles; a star marks the one in use."""
    from aixplain.cli.output import note, print_json

    file = _file()
    in_use = os.environ.get("AIXPLAIN_PROFILE") or file.default
    profiles = [file.profile(name) for name in file.names]
    if json:
        print_json([_body(each, in_use) for each in profiles])
        return
    if not profiles:
        note(f"There are no profiles yet. `aix config set api_key` makes the first one, in {file.path}.")
    _print_columns([("*" if each.name == in_use else " ", each.name, _where(each), _key_of(each)) for each in profiles])


@app.command("path")
def path() -> None:
    """Print where the file is, or would be."""
    from aixplain.v2._settings import config_path

    sys.stdout.write(config_path() + "\n")


@app.command("set")
def set_value(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which setting, such as api_key or backend_url.", show_default=False)
    ],
    value: Annotated[
        str | None,
        typer.Argument(metavar="VALUE", help="Its value. A key is better left out: it is asked for.", show_default=False),
    ] = None,
    profile: ProfileOption = None,
) -> None:
    """Set a setting of a profile.

    aix config set api_key_command "pass show aixplain" --profile work
    """
    from aixplain.cli.output import note
    from aixplain.v2._profiles import KEYS, check

    check(name, _stand_in(name) if value is None else _converted(name, value))
    chosen = profile or _profile_in_use()
    wanted = _converted(name, _asked_for(name) if value is None else value)
    check(name, wanted)

    def change(document: Any) -> None:
        section = document.setdefault("profiles", _table(is_super_table=True)).setdefault(chosen, _table())
        for other in KEYS if name in KEYS else ():
            section.pop(other, None)  # a profile has one key
        section[name] = wanted

    note(f"Set {name} of profile '{chosen}' in {_rewritten(change)}.")


@app.command("unset")
def unset(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which setting; without one, all of it.", show_default=False)
    ] = None,
    profile: ProfileOption = None,
) -> None:
    """Remove a setting of a profile, or the profile."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.cli.output import note

    chosen = profile or _profile_in_use()
    _file().profile(chosen)  # says so when there is none

    def change(document: Any) -> None:
        if name is None:
            del document["profiles"][chosen]
            if document.get("default_profile") == chosen:
                del document["default_profile"]
        elif name in document["profiles"][chosen]:
            del document["profiles"][chosen][name]
        else:
            raise UsageProblem(f"Profile '{chosen}' has no {name}.")

    note(f"Removed {f'{name} of ' if name else ''}profile '{chosen}' from {_rewritten(change)}.")


@app.command("use")
def use(name: Annotated[str, typer.Argument(metavar="NAME", help="Which profile.", show_default=False)]) -> None:
    """Use a profile from now on, where nothing else is said."""
    from aixplain.cli.output import note

    _file().profile(name)

    def change(document: Any) -> None:
        document["default_profile"] = name

    note(f"Profile '{name}' is the one in use, says {_rewritten(change)}.")


# --- What is in use -------------------------------------------------------------------------------


def in_use(named: str | None, hub: str | None = None) -> list[tuple[str, Any, str]]:
    """Each setting, its value and where it is from; `hub` is an address that was typed."""
    from aixplain.v2 import _settings as settings

    profile = settings.read_profile(named)
    sources = settings.by_strength(settings.Environment(), profile, named=named is not None)
    urls = settings.the_place(hub, None, sources)
    said_by = (
        "--hub" if hub else next((_called(each) for each in sources if each.backend_url or each.model_url), "the platform")
    )
    told = "" if profile is None else profile.called
    strict, connecting, reading = (
        (None, None, None) if profile is None else (profile.strict, profile.connect_timeout, profile.read_timeout)
    )
    largest, said_largest = settings.max_response_bytes_of(profile, named=named is not None)
    return [
        ("profile", profile and profile.name, settings.config_path()),
        ("api_key", *_key_in_use(sources, urls, typed=hub is not None)),
        ("backend_url", urls[0], said_by),
        ("model_url", urls[1], said_by),
        ("strict", bool(strict), told if strict is not None else ""),
        ("connect_timeout", connecting or settings.CONNECT_TIMEOUT, told if connecting else ""),
        ("read_timeout", reading, told if reading else ""),
        ("max_response_bytes", largest, said_largest),
    ]


def _called(source: Source) -> str:
    from aixplain.v2._profiles import Profile

    return source.called if isinstance(source, Profile) else "the environment"


def _key_in_use(sources: Sequence[Source], urls: tuple[str, str], *, typed: bool) -> tuple[str | None, str]:
    """The key that goes there, masked, and whose it is; an address that was `typed` gets the environment's."""
    from aixplain.v2._profiles import Profile
    from aixplain.v2._settings import may_go, origin

    with_key = [each for each in sources if each.has_key]
    given = set(map(origin, urls)) if typed else set()
    used = next((each for each in with_key if may_go(each, urls, given)), None)
    unused = ", ".join(each.called for each in with_key if each is not used)
    note = f"; that of {unused} is not used" if unused else ""
    if used is None:
        return None, f"none for this place{note}" if note else ""
    return _key_of(used) if isinstance(used, Profile) else _masked(used.key()), used.called + note


def _key_of(profile: Profile) -> str:
    """Where the key of a profile comes from; commands are not run to show it."""
    if profile.key_from == "api_key":
        return _masked(str(profile.said))
    if profile.key_from == "api_key_env":
        return f"${profile.said} ({_masked(os.environ.get(profile.said))})"
    return f"`{profile.said if isinstance(profile.said, str) else ' '.join(profile.said)}`" if profile.has_key else "no key"


def _masked(key: str | None) -> str:
    """Enough to tell one key from another.

    >>> _masked("0123456789abcdef"), _masked("short"), _masked(None)
    ('…cdef', '…', 'not set')
    """
    if not key:
        return "not set"
    return f"…{key[-4:]}" if len(key) >= 16 else "…"


def _body(profile: Profile, in_use: str | None) -> dict[str, Any]:
    url = profile.backend_url or profile.model_url
    return {"name": profile.name, "in_use": profile.name == in_use, "url": url, "key": _key_of(profile)}


def _where(profile: Profile) -> str:
    return profile.backend_url or profile.model_url or "the platform"


def _told(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:g} s" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


# --- What is typed --------------------------------------------------------------------------------


def _stand_in(name: str) -> Any:
    """A value that is right for a setting whose own is yet to be asked for; only keys are."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.v2._profiles import SETTINGS

    if name != "api_key" and name in SETTINGS:
        raise UsageProblem(f"What is {name} to be? aix config set {name} VALUE")
    return "…"


def _asked_for(name: str) -> str:
    """A key, typed unseen or piped in: what is typed as an argument stays in the shell's history."""
    if sys.stdin is None or sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()


def _converted(name: str, text: str) -> Any:
    if name == "strict":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    if name.endswith("_timeout"):
        try:
            return float(text)
        except ValueError:
            return text
    return text


# --- The file -------------------------------------------------------------------------------------


def _file() -> ConfigFile:
    from aixplain.v2._profiles import ConfigFile
    from aixplain.v2._settings import config_path

    return ConfigFile(config_path())


def _profile_in_use() -> str:
    return os.environ.get("AIXPLAIN_PROFILE") or _file().default or "default"


def _table(*, is_super_table: bool = False) -> Any:
    import tomlkit

    return tomlkit.table(is_super_table)


def _rewritten(change: Callable[[Any], None]) -> Path:
    """Change the file, comments and order kept, in one step; nobody but this user can read it."""
    import tomlkit

    file = _file()
    document = tomlkit.parse(file.text)
    change(document)
    target = Path(os.path.realpath(file.path))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passing = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as writing:
            writing.write(tomlkit.dumps(document))
            writing.flush()
            os.fsync(writing.fileno())
        passing.replace(target)
    finally:
        passing.unlink(missing_ok=True)
    return file.path
