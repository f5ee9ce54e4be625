"""`aix hub`: serve models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aixplain.cli.output import note

if TYPE_CHECKING:
    from aixplain.hub import Hub

app = typer.Typer(help="Serve models to other programs and machines.", no_args_is_help=True)

DEFAULT_PORT = 8180


@app.callback()
def _group() -> None:
    """Keeps `serve` a command of its own while it is the only one."""


@app.command()
def serve(
    programs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROGRAM]...", help="Files or modules with models of your own.", show_default=False),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 takes a free one.")] = DEFAULT_PORT,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder for the database and the files.", show_default=False)
    ] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start again when a file beside a PROGRAM changes.")] = False,
) -> None:
    """Serve models until Ctrl-C: built-in ones, those of installed packages, your own.

    A PROGRAM is a file such as app.py, or a module, with a Hub or a Models in
    it; one of several is named behind a colon, as in app.py:hub.

    AIXPLAIN_HUB_KEYS (comma separated) lists the keys that may use it; without
    any, it serves this machine only.
    """
    import logging

    from aixplain.cli.failures import Failure
    from aixplain.hub.errors import HubError
    from aixplain.hub.installed import add_installed

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True)
    if reload and not _is_reloaded(programs or [], host, port):
        return
    keys = [key.strip() for key in os.environ.get("AIXPLAIN_HUB_KEYS", "").split(",") if key.strip()]
    folder = data or default_folder()
    hub = _hub_of(programs or [], keys)
    add_installed(hub)

    def ready(url: str) -> None:
        note(f"The hub serves {len(hub.entries)} models at {url} and keeps its runs in {folder}. Ctrl-C stops it.")
        note(f"Try:  {'TEAM_API_KEY=… ' if hub.keys else ''}aix search --hub {_reachable(url)}")

    try:
        hub.serve(host, port, folder, on_ready=ready)
    except HubError as error:
        raise Failure(str(error)) from error
    note("The hub has stopped.")


def _hub_of(programs: list[str], keys: list[str]) -> Hub:
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.errors import HubError
    from aixplain.hub.programs import ProgramError, hub_of

    try:
        return hub_of(programs, keys)
    except HubError as error:
        if isinstance(error, ProgramError) and error.traceback:
            note(error.traceback.removeprefix("Traceback (most recent call last):\n"))
        raise UsageProblem(str(error)) from error


def _is_reloaded(programs: list[str], host: str, port: int) -> bool:
    """Whether this process serves for one that watches the files; else it becomes that one, and returns when it ends."""
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.cli.reload import keep_serving, stop_with_parent
    from aixplain.hub.errors import HubError
    from aixplain.hub.programs import ProgramError, folder_of
    from aixplain.hub.server import INHERITED, listen

    if INHERITED in os.environ:
        stop_with_parent()
        return True
    if not programs:
        raise UsageProblem("--reload watches the files of a program of yours. Name it: aix hub serve app.py --reload.")
    try:
        folders = [folder_of(program) for program in programs]
        with listen(host, port) as listening:
            keep_serving(listening, folders, INHERITED)
    except ProgramError as error:
        raise UsageProblem(str(error)) from error
    except HubError as error:
        raise Failure(str(error)) from error
    return False


def _reachable(url: str) -> str:
    """The address at which this machine finds a hub that listens on all of its addresses."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def default_folder() -> Path:
    """Where this user's hub keeps its database."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "aixplain" / "hub"
