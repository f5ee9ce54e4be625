"""`aix hub`: serve models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aixplain.cli import aliases, backup, upstreams
from aixplain.cli.hub_options import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    FormatOption,
    GraceOption,
    LevelOption,
    ProgramsArgument,
    folder_of,
    settings_from,
    told_by,
)
from aixplain.cli.output import note
from aixplain.cli.session import JsonOption

if TYPE_CHECKING:
    from aixplain.hub import Hub
    from aixplain.hub.serving import Serving

app = typer.Typer(help="Serve models to other programs and machines.", no_args_is_help=True)


@app.command()
def serve(
    programs: ProgramsArgument = None,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The address to listen on (default: 127.0.0.1).", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="The port; 0 takes a free one (default: 8180).", show_default=False
        ),
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
    work: Annotated[
        bool | None,
        typer.Option("--work/--no-work", help="Execute runs in the background here, too (default).", show_default=False),
    ] = None,
    tls_cert: Annotated[
        str | None, typer.Option(metavar="FILE", help="A certificate with its chain (PEM): speak https.", show_default=False)
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The key of the certificate (PEM).", show_default=False)
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The path prefix of a reverse proxy, such as /hub.", show_default=False),
    ] = None,
    log_level: LevelOption = None,
    log_format: FormatOption = None,
    grace: GraceOption = None,
    config: ConfigOption = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start again when a file beside a PROGRAM changes.")] = False,
) -> None:
    """Serve models until Ctrl-C.

    They are the built-in ones, those of installed packages and your own.

    A PROGRAM is a file such as app.py, or a module, with a Hub or a Models in
    it; one of several is named behind a colon, as in app.py:hub.

    Every setting may stand in the file of --config too, as name = value, or in
    the environment, as AIXPLAIN_HUB_NAME. AIXPLAIN_HUB_KEYS (comma separated)
    lists the keys that may use it; without any, it serves this machine only.
    With --database, any number of hubs and workers share the runs and files.
    """
    options = dict(locals())  # as they are named, before there is anything else

    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.errors import HubError

    options.pop("programs"), options.pop("reload")
    told = told_by(options)
    if told.database is None and not told.work:
        raise UsageProblem("--no-work leaves runs to workers, and they find them by --database, which is missing.")
    if reload and not _is_reloaded(programs or [], told.host, told.port):
        return
    folder = None if told.database and told.data is None else folder_of(told.data)
    hub = _hub_of(programs or [], told)
    wants_key = bool(hub.keys) or _has_keys(folder, told.database)

    def ready(url: str) -> None:
        place = "the database" if told.database else folder
        note(f"The hub serves {len(hub.entries)} models at {url} and keeps its runs in {place}. Ctrl-C stops it.")
        note(f"Try:  {'TEAM_API_KEY=… ' if wants_key else ''}aix search --hub {_reachable(url)}")

    try:
        hub.serve(
            told.host,
            told.port,
            folder,
            database=told.database,
            work=told.work,
            tls_cert=told.tls_cert,
            tls_key=told.tls_key,
            on_ready=ready,
        )
    except HubError as error:
        raise Failure(str(error)) from error
    note("The hub has stopped.")


@app.command()
def worker(
    programs: ProgramsArgument = None,
    database: DatabaseOption = None,
    log_level: LevelOption = None,
    log_format: FormatOption = None,
    grace: GraceOption = None,
    config: ConfigOption = None,
) -> None:
    """Execute runs that hubs accepted, until Ctrl-C.

    Any number of workers share a --database with any number of hubs.
    """
    options = dict(locals())

    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.errors import HubError

    options.pop("programs")
    told = told_by(options)
    if told.database is None:
        raise UsageProblem("A worker finds its runs by --database (or AIXPLAIN_HUB_DATABASE), which is missing.")
    hub = _hub_of(programs or [], told)
    try:
        hub.work(
            told.database, on_ready=lambda: note(f"A worker for {len(hub.entries)} models waits for runs. Ctrl-C stops it.")
        )
    except HubError as error:
        raise Failure(str(error)) from error
    note("The worker has stopped.")


def _hub_of(programs: list[str], told: Serving) -> Hub:
    """The hub of these programs and of the installed packages, with what was told. Raises `UsageProblem`."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.errors import HubError
    from aixplain.hub.installed import add_installed
    from aixplain.hub.programs import ProgramError, hub_of

    try:
        hub = hub_of(programs, told.keys)
    except HubError as error:
        if isinstance(error, ProgramError) and error.traceback:
            note(error.traceback.removeprefix("Traceback (most recent call last):\n"))
        raise UsageProblem(str(error)) from error
    hub.settings = told.over(hub.settings)
    add_installed(hub)
    return hub


def _has_keys(folder: Path | None, database: str | None) -> bool:
    """Whether there are keys from `aix keys create`."""
    from aixplain.cli.books import with_books

    if database is None and not (folder_of(folder) / "hub.sqlite").exists():
        return False
    return with_books(folder, database, lambda kept: kept.keys.any())


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


@app.command()
def doctor(
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The hub's folder.", show_default=False)] = None,
    hub: Annotated[
        str | None,
        typer.Option(
            "--hub", metavar="URL", help="The hub's address; else BACKEND_URL, else that of its settings.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Tell what is wrong with a hub.

    Its folder, database, disk and address are looked at; the exit status is 1
    when something is wrong.
    """
    from aixplain.cli import hub_health
    from aixplain.cli.findings import tell

    told = settings_from({"data": data and str(data)})
    folder = folder_of(told.data)
    if told.database and data is None:
        findings = [*hub_health.shared_database(told.database, len(told.keys))]
    else:
        findings = [hub_health.folder(folder), *hub_health.database(folder), hub_health.disk(folder)]
        findings.append(hub_health.keys(len(told.keys), hub_health.kept_keys(folder)))
    usual = _reachable(f"http{'s' if told.tls_cert else ''}://{told.host}:{told.port}")
    named = hub_health.named_address(hub, is_local=data is not None)
    findings += hub_health.address(named or usual, expected=bool(named or hub_health.working_in(folder)), check_key=bool(named))
    if not tell(findings, json=json):
        raise typer.Exit(1)


def _reachable(url: str) -> str:
    """The address at which this machine finds a hub that listens on all of its addresses."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


app.command("backup")(backup.backup)
app.command("add")(upstreams.add)
app.command("remove")(upstreams.remove)
app.command("upstreams")(upstreams.upstreams)
app.command("discover")(upstreams.discover)
app.command("alias")(aliases.alias)
app.command("sync-prices")(aliases.sync_prices)
