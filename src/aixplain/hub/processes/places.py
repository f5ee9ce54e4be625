"""Finding a function again in another process, by the names of its module and its own."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from aixplain.hub.processes.messages import Place
from aixplain.hub.reading import find_spec, read

#: The name of a script's module where it is read and not run.
READ_MAIN = "__hub_main__"


def place_of(code: Callable[..., Any]) -> Place:
    """Where a function is found again. Raises TypeError, with a sentence, for one that has no such place."""
    where = f"{code.__qualname__}()"
    module = sys.modules.get(code.__module__)
    if module is None or "<" in code.__qualname__ or not inspect.isfunction(code):
        raise TypeError(
            f"{where} can't run in a process of its own, which finds it by its name in its module. "
            "Define it with `def` at the top level of a file."
        )
    file = vars(module).get("__file__")
    name = module.__name__ if module.__spec__ is None else module.__spec__.name
    if name == "__main__" and file is None:
        raise TypeError(f"{where} can't run in a process of its own: no file holds it. Put it into a file, and import that.")
    return Place(name, file, code.__qualname__)


def find(place: Place) -> Callable[..., Any]:
    """The function at this place, in this process. Raises LookupError when there is none, or what its module raises."""
    module = sys.modules.get(place.module) if place.module != "__main__" else None
    module = module or read(_spec(place))
    if place.module == "__main__":
        sys.modules["__main__"] = module
    found: Callable[..., Any] | None = named(module, place.name)
    if found is None:
        raise LookupError(f"{place.name} is not in {place.module} when that is read")
    return found


def named(module: ModuleType | None, name: str) -> Any:
    """What a dotted name stands for in a module; None for nothing."""
    return functools.reduce(lambda found, part: getattr(found, part, None), name.split("."), module)


def _spec(place: Place) -> ModuleSpec:
    """How the module is loaded: by its name where that leads to its file, else from the file."""
    if place.module == "__main__":
        spec = importlib.util.spec_from_file_location(READ_MAIN, place.file)
    else:
        spec = find_spec(place.module)
        if place.file is not None and (spec is None or spec.origin != place.file):
            spec = importlib.util.spec_from_file_location(place.module, place.file)
    if spec is None:
        raise LookupError(f"there is no module {place.module}")
    return spec
