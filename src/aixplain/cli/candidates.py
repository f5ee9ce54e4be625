"""What a value may be, by the name of its parameter: models, their inputs, runs, profiles.

What a service told is kept a while, so that a second tab is answered at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from aixplain._wire.validation import kind_of
from aixplain.cli.completing import Place

Candidates = Iterable[tuple[str, str]]

#: Seconds that an answer of a service is kept for the next tab.
KEPT = 300
MOST = 100


def values_of(place: Place, word: str) -> Candidates:
    """What may stand in this place; nothing where the shell knows better, as for files."""
    name = place.parameter.name
    source = SOURCES.get(" ".join((*place.path, name))) or SOURCES.get(name)
    return source(place, word) if source is not None else ()


def _models(place: Place, word: str) -> Candidates:
    from aixplain.cli.search import about

    def ask() -> list[tuple[str, str]]:
        with _client(place) as aix:
            found = aix.Model.search(path=word or None, page_size=MOST) if word else aix.Model.search(page_size=MOST)
            return [(model.path or model.id or "", about(model)) for model in found]

    return _remembered(f"models {_where(place)} {word}", ask)


def _several_models(place: Place, word: str) -> Candidates:
    """Models with commas between, of which the last is being typed."""
    head, comma, last = word.rpartition(",")
    return ((head + comma + path, told) for path, told in _models(place, last))


def _inputs(place: Place, word: str) -> Iterator[tuple[str, str]]:
    """The model's inputs as `name=`, then what this one may be, or files behind an @."""
    name, equals, value = word.partition("=")
    start = value if equals else word
    if start.startswith("@"):
        yield from _files(word[: len(word) - len(start)] + "@", start[1:])
        return
    model = place.typed[0].partition(",")[0]
    for told in _remembered(f"inputs {_where(place)} {model}", lambda: _told(place, model)):
        if not equals:
            yield f"{told[0]}=", told[1]
        elif told[0] == name:
            yield from ((f"{name}={each}", "") for each in told[2:])


def _told(place: Place, id: str) -> list[tuple[str, ...]]:
    """Each input's name, what it is about, and the values that it may have."""

    with _client(place) as aix:
        parameters = aix.Model.get(id).params
    values = {each.name: ["true", "false"] if kind_of(each) == "boolean" else map(str, each.options) for each in parameters}
    return [(each.name, each.description or kind_of(each) or "", *values[each.name]) for each in parameters]


def _files(start: str, typed: str) -> Iterator[tuple[str, str]]:
    folder, slash, name = typed.rpartition("/")
    for path in sorted(Path(f"{folder}{slash}" or ".").expanduser().iterdir()):
        if path.name.startswith(name) and (name.startswith(".") or not path.name.startswith(".")):
            yield f"{start}{folder}{slash}{path.name}" + ("/" if path.is_dir() else ""), ""


def _runs(place: Place, word: str) -> Candidates:
    """Runs by the end of their ids, as they are listed; never from what was kept, because they come and go."""
    from aixplain.cli.run_list import SHORT

    with _client(place) as aix:
        found = aix.client.get("sdk/runs", params={"pageSize": MOST})["results"]
    return [(run["requestId"][-SHORT:], f"{run['state']} {run['model']}") for run in found]


def _functions(place: Place, word: str) -> Candidates:
    from aixplain.v2.enums import Function

    return [(function.wire, function.label) for function in Function]


def _suppliers(place: Place, word: str) -> Candidates:
    from aixplain.v2.enums import Supplier

    return [(supplier.wire, "") for supplier in Supplier]


def _vendors(place: Place, word: str) -> Candidates:
    """Those that the library has a folder for: to load it takes as long as a person waits."""
    from importlib.util import find_spec

    library = find_spec("any_llm")
    folders = (library.submodule_search_locations if library else None) or []
    found = (path.parent.name for folder in folders for path in Path(folder, "providers").glob("*/__init__.py"))
    return [(name, "") for name in sorted(found)]


def _profiles(place: Place, word: str) -> Candidates:
    from aixplain.v2._profiles import ConfigFile
    from aixplain.v2._settings import config_path

    return [(name, "") for name in ConfigFile(config_path()).names]


def _settings(place: Place, word: str) -> Candidates:
    from aixplain.v2._profiles import SETTINGS

    return [(name, "") for name in SETTINGS]


def _shells(place: Place, word: str) -> Candidates:
    from aixplain.cli.completion import SCRIPTS

    return [(name, "") for name in SCRIPTS]


SOURCES: dict[str, Callable[[Place, str], Candidates]] = {
    "model": _models,
    "models": _several_models,
    "inputs": _inputs,
    "run": _runs,
    "runs": _runs,
    "function": _functions,
    "supplier": _suppliers,
    "vendor": _vendors,
    "profile": _profiles,
    "config use name": _profiles,
    "config set name": _settings,
    "config unset name": _settings,
    "shell": _shells,
}


def _client(place: Place) -> Any:
    from aixplain.cli.session import connect

    return connect(place.hub)


def _where(place: Place) -> str:
    """What tells one service and one key from another, for the digest that an answer is kept under."""
    names = ("BACKEND_URL", "TEAM_API_KEY", "AIXPLAIN_API_KEY", "AIXPLAIN_PROFILE", "AIXPLAIN_CONFIG")
    return "\0".join([place.hub or "", *(os.environ.get(name, "") for name in names)])


def _remembered(question: str, ask: Callable[[], list[Any]]) -> list[Any]:
    """The answer that was given a while ago, else the service's own; asked by tab after tab."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "aixplain" / "completion" / blake2b(question.encode(), digest_size=12).hexdigest()
    try:
        if time.time() - path.stat().st_mtime < KEPT:
            return list(msgspec.json.decode(path.read_bytes()))
    except (OSError, msgspec.DecodeError):
        pass  # there is none, or half of one
    answer = ask()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(answer))
    return answer
