"""The programs that a hub is asked to serve, and the models in them: a file, or a module that Python finds by its name."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from aixplain.hub.backends.functions import Models
from aixplain.hub.errors import HubError
from aixplain.hub.hub import Hub
from aixplain.hub.reading import find_spec, own_traceback, read

WAYS = "It is a file such as app.py, or a module; one of several hubs in it is named behind a colon: app.py:hub."


class ProgramError(HubError):
    """A program can't be read; `traceback` shows where, in lines of its own."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


def hub_of(programs: Sequence[str], keys: Iterable[str]) -> Hub:
    """One hub with the models of all programs, for these keys and those that a program's own hub has.

    The built-in models come along, unless that hub leaves them out. Raises `HubError`.
    """
    given = {program: models_in(program) for program in programs}
    hub = next((each for each in given.values() if isinstance(each, Hub)), None) or Hub()
    hub.keys = (*hub.keys, *keys)
    for program, models in given.items():
        if models is not hub:
            _join(hub, models, program)
    return hub


def _join(hub: Hub, models: Models, program: str) -> None:
    if isinstance(models, Hub):
        hub.keys = (*hub.keys, *models.keys)
        if models.settings != hub.settings:
            raise HubError(f"The hub of {program} has other settings than the first one. Make it a `Models`, which has none.")
    for entry in models.entries.values():
        if hub.entries.get(entry.path) is not entry:  # a built-in one, in both
            try:
                hub.add(entry)
            except ValueError as error:
                raise HubError(f"{program} can't be served with the others: {error}") from error


def models_in(program: str) -> Models:
    """The `Hub` or the `Models` of a program. Raises `ProgramError`."""
    where, name = _parts(program)
    try:
        module = _module_of(where)
    except HubError:
        raise
    except (Exception, SystemExit) as error:  # the boundary to code that is not ours
        said = f"{type(error).__name__}: {error}"
        raise ProgramError(f"{where} can't be read, because its own code raised {said}", own_traceback(error)) from error
    found = vars(module).get(name) if name else _only_one(module, where)
    if not isinstance(found, Models):
        raise ProgramError(f"{where} has no Hub and no Models with the name {name!r}. {WAYS}")
    return found


def folder_of(program: str) -> Path:
    """The folder that a program's file is in. Raises `ProgramError`."""
    where, _ = _parts(program)
    if _is_file(where):
        return _file(where).parent
    spec = _spec_of(where.partition(".")[0])
    return Path(spec.origin or ".").parent


def _parts(program: str) -> tuple[str, str]:
    """The file or module, and the name in it, if one is given."""
    where, colon, name = program.rpartition(":")
    return (program, "") if not colon or Path(program).exists() else (where, name)


def _is_file(where: str) -> bool:
    return where.endswith(".py") or os.sep in where


def _file(where: str) -> Path:
    path = Path(where).resolve()
    if not path.is_file():
        raise ProgramError(f"There is no file {where}. {WAYS}")
    return path


def _module_of(where: str) -> ModuleType:
    if _is_file(where):
        path = _file(where)
        sys.path.insert(0, str(path.parent))  # for the files beside it
        spec = importlib.util.spec_from_file_location(_free_name(path.stem), path)
        if spec is None:
            raise ProgramError(f"{where} is no Python. {WAYS}")
        return read(spec)
    spec = _spec_of(where)
    return sys.modules[where] if where in sys.modules else read(spec)


def _free_name(stem: str) -> str:
    """A name for the module of a file that no module has: two files in two folders may have one name."""
    while stem in sys.modules:
        stem += "_"
    return stem


def _spec_of(module: str) -> ModuleSpec:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    spec = find_spec(module) if module.replace(".", "").isidentifier() else None
    if spec is None or spec.origin is None:
        raise ProgramError(f"There is no module {module}, here or among the installed ones. {WAYS}")
    return spec


def _only_one(module: ModuleType, where: str) -> Models:
    """The hub at the top of a module; when it has none, the collection."""
    for kind in (Hub, Models):
        found = {id(value): name for name, value in vars(module).items() if isinstance(value, kind)}
        if len(found) > 1:
            names = " and ".join(found.values())
            raise ProgramError(f"{where} has more than one {kind.__name__}: {names}. Name one: {where}:{names.split()[0]}")
        if found:
            [name] = found.values()
            only: Models = vars(module)[name]
            return only
    raise ProgramError(f"{where} has no Hub and no Models at its top level, so there is nothing to serve. {WAYS}")
