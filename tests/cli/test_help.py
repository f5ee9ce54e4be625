"""Help is quick, and tells what the commands tell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
import typer

from aixplain.cli.app import COMMANDS, GROUPS, app

from .conftest import COMMAND

root: Any = typer.main.get_command(app)


def everything() -> list[list[str]]:
    """Each command, and each command of a group."""
    inner = [[group, name] for group in sorted(GROUPS) for name in root.commands[group].commands]
    return [*([name] for name in COMMANDS), *inner]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    assert root.commands[name].help.startswith(COMMANDS[name])


@pytest.mark.parametrize("words", everything(), ids=" ".join)
def test_every_command_has_help_that_fits_a_terminal(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    command = root
    for word in words:
        command = command.commands[word]
    text = command.get_help(typer.Context(command, info_name="aix " + " ".join(words)))
    assert max(map(len, text.splitlines())) <= 80
    undescribed = [each.name for each in command.params if not each.help and each.param_type_name == "option"]
    assert undescribed == []


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_tells_its_commands_in_whole_sentences(group: str) -> None:
    command = root.commands[group]
    text = command.get_help(typer.Context(command, info_name=f"aix {group}"))
    assert all(line.endswith(".") and "..." not in line for line in text.partition("Commands:")[2].strip().splitlines())


def test_help_loads_no_command_and_nothing_that_commands_load() -> None:
    code = "import sys; from aixplain.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("aixplain.")} == {"aixplain.cli", "aixplain.cli.app"}
    assert loaded.isdisjoint({"rich", "msgspec", "asyncio", "sqlite3"})
    assert all(f"  {name}" in done.stdout for name in COMMANDS)


def test_the_version_is_told() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"aix {version('aixplain-models')}\n"


def test_a_misspelt_command_is_corrected(refused: Callable[..., str]) -> None:
    assert "No such command 'chta'. Did you mean 'chat'?" in refused("chta")
