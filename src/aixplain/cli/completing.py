"""What the tab key may put next: a command, an option, or a value that `candidates` knows."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from aixplain._wire.control_characters import escape_line

#: Seconds after which a person would rather have nothing.
PATIENCE = 3
#: What bash takes for the end of a word; it replaces only what stands behind the last of them.
BREAKS = "=:"


class Place(NamedTuple):
    """Where the cursor stands: in which command, behind which words, and in the value of which parameter."""

    command: Any
    path: tuple[str, ...]
    typed: tuple[str, ...]
    """The arguments before it, without the options."""
    parameter: Any
    """None where a command's name stands, or nothing that is known."""
    hub: str | None = None


def answer() -> None:
    """Print what may come next for the line that a shell has, a candidate a line. Whatever is wrong, nothing is said."""
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.alarm(PATIENCE)
    shell, line = os.environ["_AIX_COMPLETE"], os.environ.get("_AIX_LINE", "")
    words = split(line)[1:] or [""]
    try:
        found = [(escape_line(value), escape_line(about)) for value, about in complete(words[:-1], words[-1])]
    except Exception:  # noqa: BLE001 - a sentence about an error would stand in the middle of what is being typed
        found = []
    if shell == "bash":
        cut = max(words[-1].rfind(each) for each in BREAKS) + 1
        lines = [value[cut:] for value, _ in found]
    else:
        lines = [f"{value}\t{about}" if about else value for value, about in found]
    signal.alarm(0)  # Python forgets the handler as it ends, and the alarm would then kill it
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def split(line: str) -> list[str]:
    """The words of a line that may not be finished; the last is the one that is being typed.

    >>> split("aix run a/b 'some text' te"), split("aix run "), split("aix run 'so")
    (['aix', 'run', 'a/b', 'some text', 'te'], ['aix', 'run', ''], ['aix', 'run', 'so'])
    """
    import shlex

    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if line[-1:].isspace() and not closing else words
    return []


def complete(before: list[str], word: str) -> Iterator[tuple[str, str]]:
    """What may stand for this word, each with what it is."""
    from typer.core import TyperGroup

    from aixplain.cli.candidates import values_of

    place = _place(before)
    if word.startswith("-") and place.parameter is not None and place.parameter.param_type_name == "argument":
        place = place._replace(parameter=None)
    if place.parameter is not None:
        found = values_of(place, word)
    elif word.startswith("-") or not isinstance(place.command, TyperGroup):
        found = _options(place.command)
    else:
        found = _commands(place.command)
    yield from (each for each in found if each[0].startswith(word))


def _place(before: list[str]) -> Place:
    from typer.core import TyperGroup
    from typer.main import get_command

    from aixplain.cli.app import app

    command: Any = get_command(app)
    path: tuple[str, ...] = ()
    typed: list[str] = []
    option: Any = None
    hub = None
    for word in before:
        if option is not None:
            hub, option = (word if "--hub" in option.opts else hub), None
        elif word.startswith("-"):
            option = next((each for each in command.params if word in each.opts and not each.is_flag), None)
        elif isinstance(command, TyperGroup):
            command, path = command.commands[word], (*path, word)
        else:
            typed.append(word)
    return Place(command, path, tuple(typed), option or _argument(command, len(typed)), hub)


def _argument(command: Any, number: int) -> Any:
    """The argument that stands in this place; the last one may take several."""
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    if number < len(arguments):
        return arguments[number]
    return arguments[-1] if arguments and arguments[-1].nargs == -1 else None


def _options(command: Any) -> Iterator[tuple[str, str]]:
    for each in command.params:
        if each.param_type_name == "option":
            yield from ((name, each.help or "") for name in each.opts if name.startswith("--"))
    yield "--help", "Show this message and exit."


def _commands(group: Any) -> Iterator[tuple[str, str]]:
    from aixplain.cli.app import COMMANDS

    for name in group.commands:
        yield name, COMMANDS[name] if group.commands.keys() == COMMANDS.keys() else group.commands[name].get_short_help_str()
