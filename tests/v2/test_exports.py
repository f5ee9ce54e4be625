"""What the public modules export: named exactly, sorted, and documented."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aixplain
from aixplain import v2
from aixplain.v2 import model

PUBLIC = ["aixplain", "aixplain.hub", "aixplain.v2", "aixplain.v2.model", "aixplain.v2.resource"]
DOCUMENTED = [*PUBLIC, *(f"aixplain.v2.{name}" for name in ("client", "core", "enums", "exceptions", "mixins"))]


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_public_module_exports_is_sorted_and_there(name: str) -> None:
    public = importlib.import_module(name)
    assert sorted(set(public.__all__)) == public.__all__
    assert [exported for exported in public.__all__ if not hasattr(public, exported)] == []


@pytest.mark.parametrize("package", [aixplain, v2])
def test_a_package_shows_people_and_type_checkers_exactly_what_it_exports(package: Any) -> None:
    assert dir(package) == package.__all__
    assert _for_type_checkers(package) == set(package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


def test_what_a_module_defines_without_an_underscore_is_exported() -> None:
    assert _defined(model).keys() <= set(model.__all__)


def _for_type_checkers(package: Any) -> set[str]:
    """The names that a package imports of its own, at the top or under TYPE_CHECKING."""
    tree = ast.parse(Path(package.__file__).read_text())
    inside = [*tree.body, *(child for node in tree.body if isinstance(node, ast.If) for child in node.body)]
    imports = [node for node in inside if isinstance(node, ast.ImportFrom) and str(node.module).startswith("aixplain")]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def public_members() -> Iterator[tuple[str, Any]]:
    """Every module, class, function, method and property that people may use."""
    for name in DOCUMENTED:
        public = importlib.import_module(name)
        yield name, public
        for exported, value in _exports(public).items():
            yield f"{name}.{exported}", value
            if inspect.isclass(value):
                yield from ((f"{name}.{exported}.{member}", found) for member, found in _members(value))


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """The methods and properties that are ours. A field that is read late is a property, and still a field."""
    bases = [base for base in kind.__mro__ if base.__module__.startswith("aixplain.")]
    for member, found in inspect.getmembers_static(kind):
        is_ours = any(member in vars(base) for base in bases) and member not in getattr(kind, "__struct_fields__", ())
        if is_ours and not member.startswith("_") and (inspect.isroutine(found) or isinstance(found, property)):
            yield member, found


def _exports(public: Any) -> dict[str, Any]:
    if hasattr(public, "__all__"):
        return {name: getattr(public, name) for name in public.__all__}
    return _defined(public)


def _defined(public: Any) -> dict[str, Any]:
    """The public classes and functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(public).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == public.__name__
    }


def test_everything_public_has_a_docstring() -> None:
    assert [name for name, value in public_members() if not _docstring(value)] == []


def _docstring(value: Any) -> str | None:
    """A class has one of its own; a method may have the one of what it overrides."""
    return value.__doc__ if inspect.isclass(value) else inspect.getdoc(value)
