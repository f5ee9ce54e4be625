"""Words that are commands of other tools are refused with the command of `aix` that is meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import typer

from aixplain.cli.app import COMMANDS, app
from aixplain.cli.guesses import GUESSES

Refused = Callable[..., str]
root = typer.main.get_command(app)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("serve", "--port", "0"), "aix hub serve"),
        (("list",), "aix search"),
        (("MODELS",), "aix search"),
        (("login",), "aix config set api_key"),
        (("version",), "aix --version"),
        (("keys", "delete", "ada"), "aix keys revoke"),
        (("hub", "start"), "aix hub serve"),
    ],
)
def test_a_word_of_another_tool_is_refused_with_what_is_meant(refused: Refused, words: tuple[str, ...], meant: str) -> None:
    assert f"Try `{meant}`." in refused(*words)


def test_a_misspelt_command_or_option_is_refused_with_the_nearest(refused: Refused) -> None:
    assert "Did you mean 'search'?" in refused("serach")
    assert "Did you mean 'create'?" in refused("keys", "craete")
    assert "--stream" in refused("run", "acme/say", "hi", "--strem")


@pytest.mark.parametrize(("group", "guess"), [(group, guess) for group, guesses in GUESSES.items() for guess in guesses])
def test_what_is_meant_is_a_command_and_the_guess_is_none(group: str, guess: str) -> None:
    commands = root.commands if not group else root.commands[group].commands  # type: ignore[attr-defined]
    assert guess not in list(commands)
    first, *rest = GUESSES[group][guess].split()[1:]
    assert first.startswith("--") or first in COMMANDS
    if rest:
        assert rest[0] in root.commands[first].commands  # type: ignore[attr-defined]
