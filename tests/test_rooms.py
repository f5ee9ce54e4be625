"""Who may import whom. The imports of every module under src are read, and held against one table.

An import for type checkers alone counts as well: a room that names another one's types knows that room. So does a
module that is loaded by its name, when the name stands in the code.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parent.parent / "src"


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Libraries that one place knows, so that it can be replaced, or that would make everything else slow to load.
KEPT = names("any_llm asyncpg httptools pgqueuer rich typer")
#: What a room without I/O has no use for.
OUTSIDE_WORLD = names(
    "asyncio concurrent http.client os pathlib selectors signal socket sqlite3 ssl subprocess tempfile threading time"
)


class Room(NamedTuple):
    """What the modules of a room may import beside one another and the standard library."""

    ours: frozenset[str] = frozenset()
    libraries: frozenset[str] | None = frozenset()
    """None: all but those that are kept for one place."""
    loads: frozenset[str] = frozenset()
    """What of ours it may load by name, when somebody asks for it."""
    pure: bool = False
    """No I/O: nothing of the standard library that reaches outside either."""


OPERATIONS = names("aixplain._wire aixplain.v2._flow aixplain.v2._send aixplain.v2._settings aixplain.v2.exceptions")

#: The design's rule. A module belongs to the room with the longest name that fits.
ROOMS = {
    "aixplain": Room(ours=names("aixplain.v2")),
    "aixplain._wire": Room(libraries=names("msgspec"), pure=True),
    "aixplain.v2": Room(ours=names("aixplain._wire"), libraries=names("msgspec")),
    "aixplain.v2._flow": Room(libraries=names("msgspec"), pure=True),
    # An operation: the wire and the steps; what an answer becomes, where it is asked for, and what is raised when there is
    # none. Of _files only the type of what goes up.
    "aixplain.v2._operations": Room(
        ours=OPERATIONS
        | names("aixplain.v2._records aixplain.v2._idempotency aixplain.v2._files.local aixplain.v2._files.uploads"),
        libraries=names("msgspec"),
        pure=True,
    ),
    # An operation too, whose steps touch the disk.
    "aixplain.v2._files.uploads": Room(
        ours=OPERATIONS
        | names("aixplain.v2._addresses aixplain.v2._progress")
        | names("aixplain.v2._files.disk aixplain.v2._files.local aixplain.v2._files.outside"),
        libraries=names("msgspec"),
        pure=True,
    ),
    "aixplain.v2._files.disk": Room(ours=names("aixplain.v2._flow")),
    "aixplain.v2._send": Room(ours=OPERATIONS, libraries=names("msgspec"), pure=True),
    # What people bring: an answer of requests, a notebook. Neither is loaded for its own sake.
    "aixplain.v2._streams.sources": Room(ours=names("aixplain._wire aixplain.v2"), libraries=names("msgspec requests urllib3")),
    "aixplain.v2._progress": Room(ours=names("aixplain._wire"), libraries=names("IPython")),
    "aixplain.v2._clock": Room(),
    "aixplain.v2._http": Room(ours=names("aixplain.v2._flow aixplain.v2._clock"), libraries=names("httptools")),
    "aixplain.v2._addresses": Room(ours=names("aixplain.v2.exceptions")),
    # Two extras: a transport over another library, and spans.
    "aixplain.v2._httpx2": Room(ours=names("aixplain.v2._flow aixplain.v2._clock"), libraries=names("httpx2")),
    "aixplain.v2._watching.telemetry": Room(ours=names("aixplain._wire aixplain.v2"), libraries=names("msgspec opentelemetry")),
    "aixplain.v2._watching.spans": Room(ours=names("aixplain._wire aixplain.v2"), libraries=names("msgspec opentelemetry")),
    # Aixplain.local() is the one door from the SDK to the hub.
    "aixplain.v2.core": Room(
        ours=names("aixplain._wire aixplain.v2"), libraries=names("msgspec"), loads=names("aixplain.hub.embedded")
    ),
    "aixplain.hub": Room(ours=names("aixplain._wire"), libraries=None),
    # The hub's HTTP connections, over uvicorn's parser.
    "aixplain.hub.protocol": Room(ours=names("aixplain._wire aixplain.hub"), libraries=names("httptools starlette uvicorn")),
    # The hub as a client of services that speak OpenAI, over the bytes of our HTTP.
    "aixplain.hub.backends.openai.upstream": Room(
        ours=names("aixplain._wire aixplain.hub aixplain.v2._flow aixplain.v2._http aixplain.v2._streams.drain"), libraries=None
    ),
    "aixplain.hub.store.postgres": Room(ours=names("aixplain._wire aixplain.hub"), libraries=names("asyncpg msgspec pgqueuer")),
    # The hub as a client of vendors, over a library that an extra brings.
    "aixplain.hub.backends.vendors": Room(ours=names("aixplain._wire aixplain.hub"), libraries=names("any_llm msgspec")),
    # The hub as a client of another hub, or of the platform.
    "aixplain.hub.backends.aixplain": Room(ours=names("aixplain._wire aixplain.hub aixplain.v2"), libraries=None),
    "aixplain.cli": Room(
        ours=names("aixplain aixplain._wire aixplain.v2 aixplain.hub"), libraries=names("msgspec pyarrow rich tomlkit typer")
    ),
    "aixplain.testing": Room(ours=names("aixplain aixplain._wire aixplain.v2 aixplain.hub"), libraries=None),
}


class Import(NamedTuple):
    line: int
    target: str
    by_name: bool = False


def room_of(dotted: str) -> str:
    """The room with the longest name that fits. `aixplain` fits all, and is the room of its one module."""
    return max((name for name in ROOMS if f"{dotted}.".startswith(f"{name}.")), key=len)


def is_in(dotted: str, places: frozenset[str]) -> bool:
    """Whether a module, or a name in it, is in one of these rooms or modules."""
    inner = places - {"aixplain"}
    return any(f"{dotted}.".startswith(f"{place}.") for place in inner) or room_of(dotted) in places


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Every import of a source, wherever it stands; `from a import b` is one of `a.b`."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (Import(node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _loads_by_name(node):
            yield Import(node.lineno, ast.literal_eval(node.args[0]), by_name=True)


def _loads_by_name(call: ast.Call) -> bool:
    loader = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return loader in ("import_module", "__import__") and bool(call.args) and isinstance(call.args[0], ast.Constant)


def problems(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """The imports of a source that its room doesn't allow, each as a sentence."""
    name = room_of(module)
    assert name == module or name != "aixplain", f"{module} is in no room; give it one in {Path(__file__).name}"
    found = imports_of(source, module, is_package=is_package)
    return [f"{module}:{each.line} imports {each.target}" for each in found if not is_allowed(each, name)]


def is_allowed(found: Import, name: str) -> bool:
    room = ROOMS[name]
    library = found.target.partition(".")[0]
    if library == "aixplain":
        return is_in(found.target, room.ours | {name} | (room.loads if found.by_name else frozenset()))
    if library in sys.stdlib_module_names:
        return not room.pure or not f"{found.target}.".startswith(tuple(f"{each}." for each in OUTSIDE_WORLD))
    return library not in KEPT if room.libraries is None else library in room.libraries


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def test_every_module_imports_only_what_its_room_may() -> None:
    found = [
        problem
        for module, path in modules()
        for problem in problems(path.read_text(), module, is_package=path.name == "__init__.py")
    ]
    assert not found, "\n".join(found)


def test_the_modules_that_the_rule_names_exist() -> None:
    """A rule for a module that was renamed would hold nothing."""
    known = {module for module, _ in modules()}
    ruled = {name for name in ROOMS if name.startswith(("aixplain._wire", "aixplain.v2"))}
    assert ruled | OPERATIONS <= known


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("aixplain._wire.sse", "from aixplain.v2 import exceptions"),
        ("aixplain._wire.sse", "import socket"),
        ("aixplain._wire.sse", "from os import environ"),
        ("aixplain.v2._flow", "from aixplain._wire.records import Record"),
        ("aixplain.v2._flow", "import httptools"),
        ("aixplain.v2._flow", "import asyncio"),
        ("aixplain.v2._operations", "from aixplain.v2._http.blocking import SocketTransport"),
        ("aixplain.v2._operations", "from aixplain.v2 import _http"),
        ("aixplain.v2._operations", "from ._inputs import validate"),
        ("aixplain.v2._operations", "from . import model"),
        ("aixplain.v2._operations", "import time"),
        ("aixplain.v2._http", "from aixplain.v2._settings import Settings"),
        ("aixplain.v2._search", "import httptools.exceptions"),
        ("aixplain.v2._search", "import requests"),
        ("aixplain.v2._search", "import rich"),
        ("aixplain.v2._search", "import starlette"),
        ("aixplain.v2.resource", "def f():\n    from aixplain.hub import Hub"),
        (
            "aixplain.v2._streams.sources",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from aixplain.hub import Hub",
        ),
        ("aixplain.v2.resource", "from importlib import import_module\nimport_module('aixplain.hub.embedded')"),
        ("aixplain.v2.resource", "__import__('aixplain.hub')"),
        ("aixplain.v2.resource", "from aixplain import Aixplain"),
        ("aixplain.v2.resource", "from ... import secrets"),
        ("aixplain.v2.core", "from aixplain.hub.embedded import start"),
        ("aixplain.v2.core", "import importlib\nimportlib.import_module('aixplain.hub.server')"),
        ("aixplain.hub.service", "from aixplain.v2.model import Model"),
        ("aixplain.hub.service", "from aixplain import Aixplain"),
        ("aixplain.hub.service", "import typer"),
        ("aixplain.hub.service", "import httptools"),
        ("aixplain.hub.backends.functions", "from ...v2 import model"),
        ("aixplain.hub.backends.functions", "import aixplain.cli.app"),
        ("aixplain.cli.app", "from aixplain.testing import plugin"),
        ("aixplain.cli.app", "import httptools"),
        ("aixplain", "from aixplain.hub import Hub"),
        ("aixplain", "from aixplain.cli import main"),
    ],
)
def test_an_import_that_a_room_may_not_do_is_found(module: str, source: str) -> None:
    assert problems(source, module, is_package=module == "aixplain") != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("aixplain._wire.sse", "import msgspec\nfrom aixplain._wire.records import Record\nfrom . import messages"),
        ("aixplain.v2._flow", "from collections.abc import Generator"),
        ("aixplain.v2._http", "import os\nimport httptools\nfrom ._flow import Request"),
        ("aixplain.v2.model", "from aixplain.v2 import enums\nfrom .._wire import messages\nfrom .core import Aixplain"),
        ("aixplain.v2.core", "import importlib\nimportlib.import_module('aixplain.hub.embedded')"),
        ("aixplain.hub.app", "import starlette\nfrom aixplain._wire.messages import Search\nfrom .auth import KeyAuth"),
        ("aixplain.hub.backends.aixplain", "from aixplain.v2.model import Model\nfrom . import Backend"),
        ("aixplain.cli.app", "import typer\nfrom aixplain import Aixplain\nfrom aixplain.hub import Hub"),
        ("aixplain.testing.plugin", "import pytest\nfrom aixplain import Aixplain\nfrom ..hub import Hub"),
    ],
)
def test_an_import_that_a_room_may_do_is_not(module: str, source: str) -> None:
    assert problems(source, module) == []


def test_a_folder_that_has_no_room_is_found() -> None:
    with pytest.raises(AssertionError, match=r"aixplain\.elsewhere is in no room"):
        problems("import os", "aixplain.elsewhere")
