"""What README and docs say is true: their Python runs, their commands print what is shown, their names and links exist."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from aixplain import Aixplain
from aixplain.cli.app import app
from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.hub.serving import Serving
from aixplain.v2._profiles import SETTINGS
from aixplain.v2._search import FILTERS, SORTING
from aixplain.v2._settings import KEY_VARIABLES
from aixplain.v2.model import Model

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: The address that the pages give a hub; here it stands for the one that runs.
ADDRESS = "http://127.0.0.1:8180"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the output that the page shows for it."""

    language: str
    text: str
    output: str | None = None


def blocks(page: Path) -> list[Block]:
    found = [Block(language, text) for language, text in FENCED.findall(page.read_text("utf-8"))]
    followed = zip(found, [*found[1:], Block("", "")], strict=False)
    return [Block(each.language, each.text, after.text if after.language == "text" else None) for each, after in followed]


def name_of(page: Path) -> str:
    return page.name


def pages_with(*languages: str) -> list[Path]:
    return [page for page in PAGES if any(block.language in languages for block in blocks(page))]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    running = start(tmp_path_factory.mktemp("hub"), Hub())
    running.wait_until_ready()
    yield running
    running.close()


class Reader:
    """Someone who follows a page, in an empty folder, with `aix` on the PATH."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.serving = contextlib.ExitStack()

    def follow(self, block: Block) -> None:
        text = block.text.replace(ADDRESS, self.address)
        if "hub.serve(" in text:
            self.serve(text)
        elif block.language == "python":
            self.run_python(text, block.output)
        elif block.language == "console":
            for command, shown in commands_in(text):
                assert_shown(self.run_command(command), shown)

    def run_python(self, text: str, output: str | None) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), self.as_program(text):
            exec(compile(text, "a page's Python", "exec"), self.names)  # noqa: S102 - the page's own
        if output is not None:
            assert printed.getvalue() == output

    @contextlib.contextmanager
    def as_program(self, text: str) -> Iterator[None]:
        """Have a file hold the page's Python, as it does for whoever follows the page."""
        program = ModuleType("__main__")
        program.__file__ = str(self.folder / "page.py")
        (self.folder / "page.py").write_text(text)
        main, sys.modules["__main__"] = sys.modules["__main__"], program
        try:
            yield
        finally:
            sys.modules["__main__"] = main

    def run_command(self, command: str) -> str:
        """What a command prints; `./dev demo` is `aix demo` once the environment is there."""
        done = subprocess.run(
            ["sh", "-c", command.replace("./dev demo", "aix demo")],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=True,
        )
        return done.stdout

    def serve(self, text: str) -> None:
        """Run a page's hub as a program of its own, on a free port; the page goes on with its address."""
        tell = "port=0, on_ready=lambda url: print(url, flush=True), "
        process = subprocess.Popen(
            [sys.executable, "-c", text.replace("hub.serve(", f"hub.serve({tell}")],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.serving.enter_context(process)
        self.serving.callback(process.send_signal, signal.SIGINT)
        assert process.stdout is not None
        self.address = process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:")

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {"PATH": path, "LC_ALL": "C.UTF-8", "COLUMNS": "80", "BACKEND_URL": self.address}


def commands_in(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that the page shows for it. The tour shows commands itself."""
    if text.startswith("$ ./dev demo"):
        first, _, rest = text.partition("\n")
        return [(first[2:], rest.splitlines())]
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def assert_shown(printed: str, shown: list[str]) -> None:
    """Each shown line was printed, in this order; `…` stands for the rest of a line, or for lines that are left out."""
    lines = iter(printed.splitlines())
    for line in shown:
        start, rest, _ = line.partition("…")
        if start:
            assert any(each.startswith(start.rstrip()) if rest else each == line for each in lines), (
                f"{line!r} is not in:\n{printed}"
            )


@pytest.fixture
def reader(tmp_path: Path, hub: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path, hub.url)
    with reader.serving:
        yield reader


@pytest.mark.parametrize("page", pages_with("python", "console"), ids=name_of)
def test_what_a_page_shows_happens(page: Path, reader: Reader) -> None:
    for block in blocks(page):
        reader.follow(block)


def aix_commands() -> list[str]:
    """Every `aix …` that a page names, in a block or within a line."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [line for _, block in FENCED.findall(text) for line in block.splitlines()]
        named = [*lines, *INLINE.findall(FENCED.sub("", text))]
        found += [match[0] for line in named for match in re.finditer(r"(?<![\w./`])aix [^|<>#]+", line)]
    return sorted(set(found))


@pytest.mark.parametrize("command", aix_commands())
def test_every_command_and_option_that_a_page_names_exists(command: str) -> None:
    here: Any = typer.main.get_command(app)
    for word in shlex.split(command)[1:]:
        if word.startswith("-") and word not in ("-", "--help"):
            assert word in {option for parameter in here.params for option in parameter.opts}
        elif hasattr(here, "commands") and word.isalpha() and word.islower():
            assert word in here.commands
            here = here.commands[word]


def test_the_reference_has_every_option_and_every_environment_variable() -> None:
    reference = (ROOT / "docs" / "reference-aix.md").read_text("utf-8")
    root: Any = typer.main.get_command(app)
    commands = [*root.commands.values(), *root.commands["hub"].commands.values()]
    long = {option for each in commands for parameter in each.params for option in parameter.opts if option.startswith("--")}
    assert {option for option in long if f"`{option}" not in reference} == set()
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    read = set(re.findall(r"(?:environ(?:ment)?|variables)(?:\.get\(|\[)\"([A-Z_]+)\"", source)) | set(KEY_VARIABLES)
    assert {"BACKEND_URL", "XDG_DATA_HOME", "AIXPLAIN_PROFILE"} <= read
    assert {name for name in read if f"`{name}`" not in reference} == set()


def test_the_page_of_operations_has_every_setting_of_a_hub_and_everything_that_it_counts() -> None:
    page = (ROOT / "docs" / "how-to-operate.md").read_text("utf-8")
    settings = [each.name for each in dataclasses.fields(Serving) if not each.name.startswith("_")]
    assert {name for name in settings if f"`{name}`" not in page} == set()
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src" / "aixplain" / "hub").rglob("*.py"))
    counted = set(re.findall(r'"(aixplain_hub_[a-z_]+)"', source))
    assert len(counted) > 10
    assert {name for name in counted if f"`{name}" not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_reached_from_the_index() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "index.md").read_text("utf-8")))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}


def test_the_reference_has_every_command_of_a_group_and_its_options() -> None:
    reference = (ROOT / "docs" / "reference-aix.md").read_text("utf-8")
    root: Any = typer.main.get_command(app)
    groups = {name: each.commands for name, each in root.commands.items() if hasattr(each, "commands")}
    assert {"config", "hub"} <= groups.keys()
    for group, commands in groups.items():
        assert {name for name in commands if f"`aix {group} {name}" not in reference} == set()
        options = {option for each in commands.values() for parameter in each.params for option in parameter.opts}
        assert {option for option in options if option.startswith("--") and f"`{option}" not in reference} == set()


def test_the_page_of_clients_has_every_setting_of_a_profile_and_every_argument_of_a_client() -> None:
    page = (ROOT / "docs" / "how-to-clients.md").read_text("utf-8")
    arguments = set(inspect.signature(Aixplain).parameters) - {"pipeline_url"}
    assert {name for name in SETTINGS if f"`{name}`" not in page} == set()
    assert {name for name in arguments if f"{name}=" not in page} == set()


def test_the_page_of_runs_has_every_filter_of_a_search_and_every_argument_of_a_run_and_a_map() -> None:
    page = (ROOT / "docs" / "how-to-run.md").read_text("utf-8")
    named = {name for method in (Model.run, Model.map) for name in inspect.signature(method).parameters}
    named = (named | FILTERS.keys() | set(SORTING)) - {
        "self",
        "values",
        "inputs",
        "stream",
        "api_key",
        "q",
        "query",
        "page_number",
    }
    assert {name for name in named if not re.search(rf"\b{name}\b", page)} == set()
