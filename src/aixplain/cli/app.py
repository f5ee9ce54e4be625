"""The commands of `aix`, put together.

Help is what people wait for most often, so a command's file is loaded when the command is called, and help reads one table.
Nothing that a command doesn't need at once is imported at the top of its file either: the SDK, the hub and rich come with
the first use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

#: Each command, and what the help says of it. `aixplain.cli.search` has the function `search`.
COMMANDS = {
    "search": "Find models.",
    "show": "Show a model and its inputs.",
    "run": "Run a model.",
    "chat": "Talk with a model that generates text.",
    "compare": "Run several models on one input, side by side.",
    "map": "Run a model with each row of a file.",
    "runs": "List the runs of a hub, show, attend, cancel and retry them.",
    "config": "Show and set what a client uses: keys, addresses, times.",
    "doctor": "Tell what is set, reachable and wrong.",
    "hub": "Serve models to other programs and machines.",
    "keys": "Make, list and end the keys that may use a hub.",
    "usage": "Show how much a hub was used.",
    "demo": "Take a tour: search, show, run, stream and run in the background.",
    "completion": "Let the tab key complete commands, models and inputs.",
}
#: Those that have commands of their own: `aixplain.cli.hub` has them in `app`.
GROUPS = frozenset({"runs", "config", "hub", "keys"})


class Commands(Mapping[str, Any]):
    """The commands by name, each loaded when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module: Any = import_module(f"aixplain.cli.{name}")
        holder = typer.Typer(rich_markup_mode=None, help=COMMANDS[name], callback=_nothing)
        if name in GROUPS:
            holder.add_typer(module.app, name=name, help=COMMANDS[name], cls=SuggestingGroup)
        else:
            holder.command(name)(getattr(module, name))
        return get_group(holder).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class SuggestingGroup(TyperGroup):
    """A group that names the command which a word from another tool stands for; misspelt ones typer corrects."""

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is named first. Raises `UsageError`."""
        word = args[0] if args else ""
        if word not in self.list_commands(ctx):
            from aixplain.cli.guesses import meant_by  # the help has no need of it

            meant = meant_by(ctx.command_path.partition(" ")[2], word)
            if meant is not None:
                ctx.fail(f"No such command '{word}'. Try `{meant}`.")
        return super().resolve_command(ctx, args)


class Group(SuggestingGroup):
    """`aix` itself."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment] # nothing is added to it

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The table, of which no command has to be loaded."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _nothing() -> None:
    """What a group needs to be one with a single command."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"aix {version('aixplain-models')}\n")
        raise typer.Exit


app = typer.Typer(
    name="aix",
    cls=Group,
    help="Run any AI model: on this machine, on a hub, on the aiXplain platform.",
    epilog="Without a key and without an address, aix uses a hub of its own, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _aix(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What stands before a command."""
