"""What `aix hub` and its companions are told: the options that several commands have, and where a hub keeps its things."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from aixplain.hub.serving import Serving

DEFAULT_PORT = 8180
ProgramsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROGRAM", help="Files or modules with models of your own.", show_default=False),
]
DataOption = Annotated[
    str | None, typer.Option(metavar="DIR", help="The folder for the database and the files.", show_default=False)
]
DatabaseOption = Annotated[
    str | None, typer.Option(metavar="URL", help="A PostgreSQL database to share with others.", show_default=False)
]
LevelOption = Annotated[
    Literal["debug", "info", "warning", "error"] | None,
    typer.Option(help="From where on things are logged (default: warning); info has requests.", show_default=False),
]
FormatOption = Annotated[
    Literal["text", "json"] | None, typer.Option(help="How the log is written (default: text).", show_default=False)
]
GraceOption = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", min=0, help="What goes on has so long to end at a stop (default: 5).", show_default=False),
]
ConfigOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="A file with these and more settings, as TOML.", show_default=False)
]


def told_by(options: dict[str, Any]) -> Serving:
    """What these options, the environment and the file say together; the log is set up so. Raises `UsageProblem`."""
    from aixplain.hub import logs

    told = settings_from(options)
    logs.set_up(told.log_format, told.log_level)
    return told


def settings_from(options: dict[str, Any]) -> Serving:
    """What these options, the environment and the file say together. Raises `UsageProblem`."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.serving import read

    try:
        return read(options, os.environ)
    except ValueError as error:
        raise UsageProblem(str(error)) from error


def folder_of(data: str | Path | None) -> Path:
    """Where a hub keeps its database: the folder that was named, else this user's own."""
    if data is not None:
        return Path(data)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "aixplain" / "hub"
