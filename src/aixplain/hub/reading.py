"""Reading a program for the models in it, without starting what it starts.

A program that serves its models, as most do at their end, is read up to there: what serves a hub calls `stop_when_read`.
"""

from __future__ import annotations

import contextvars
import importlib.util
import sys
import traceback
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

#: Frames above a user's own: of this package, of Python's import, of the loop that runs a coroutine.
_NOT_THEIRS = (str(Path(__file__).parent), "<frozen ", str(Path(contextvars.__file__).parent / "asyncio"))
_reading = contextvars.ContextVar("reading", default=False)


class _ReadEnough(BaseException):
    """Raised where a program would start to serve. No `Exception`, so that the program's own handlers let it through."""


def stop_when_read() -> None:
    """Call this before a hub is started: it ends the reading of a program that is read for its models alone."""
    if _reading.get():
        raise _ReadEnough


def find_spec(module: str) -> ModuleSpec | None:
    """How a module is found by its name; None when there is none."""
    try:
        return importlib.util.find_spec(module)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):  # a package around it
            return None
        raise


def read(spec: ModuleSpec) -> ModuleType:
    """The module of this spec, run up to where it serves. Raises whatever its own code raises."""
    if spec.loader is None:
        raise ImportError(f"{spec.name} is a folder without code")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    before = _reading.set(True)
    try:
        spec.loader.exec_module(module)
    except _ReadEnough:
        """The models are there by now."""
    except BaseException:
        del sys.modules[spec.name]
        raise
    finally:
        _reading.reset(before)
    return module


def own_traceback(error: BaseException) -> str:
    """The traceback of what a user's code raised, from the first line of it that is the user's."""
    told = traceback.TracebackException.from_exception(error)
    while told.stack and told.stack[0].filename.startswith(_NOT_THEIRS):
        del told.stack[0]
    return "".join(told.format()).rstrip()
