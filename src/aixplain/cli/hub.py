"""`aix hub`: serve models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from aixplain.cli import aliases, upstreams
from aixplain.cli.output import note
from aixplain.cli.session import JsonOption

app = typer.Typer(help="Serve models to other programs and machines.", no_args_is_help=True)

DEFAULT_PORT = 8180


DatabaseOption = typer.Option(metavar="URL", help="A PostgreSQL database to share with others.", show_default=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 takes a free one.")] = DEFAULT_PORT,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder for the database and the files.", show_default=False)
    ] = None,
    database: Annotated[str | None, DatabaseOption] = None,
    work: Annotated[bool, typer.Option("--work/--no-work", help="Execute runs in the background here, too.")] = True,
) -> None:
    """Serve the built-in models until Ctrl-C.

    AIXPLAIN_HUB_KEYS (comma separated) lists the keys that may use it; without
    any, it serves this machine only. With --database, any number of hubs and
    workers share the runs and the files.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub import Hub
    from aixplain.hub.errors import HubError

    if database is None and not work:
        raise UsageProblem("--no-work leaves runs to workers, and they find them by --database, which is missing.")
    _log_to_stderr()
    keys = [key.strip() for key in os.environ.get("AIXPLAIN_HUB_KEYS", "").split(",") if key.strip()]
    folder = data or (default_folder() if database is None else None)
    hub = Hub(keys=keys)

    def ready(url: str) -> None:
        place = "the database" if database else folder
        note(f"The hub serves {len(hub.entries)} models at {url} and keeps its runs in {place}. Ctrl-C stops it.")
        note(f"Try:  {'TEAM_API_KEY=… ' if keys else ''}aix search --hub {_reachable(url)}")

    try:
        hub.serve(host, port, folder, database=database, work=work, on_ready=ready)
    except HubError as error:
        raise Failure(str(error)) from error
    note("The hub has stopped.")


@app.command()
def worker(database: Annotated[str, DatabaseOption]) -> None:
    """Execute runs that hubs accepted, until Ctrl-C.

    Any number of workers share a --database with any number of hubs.
    """
    from aixplain.cli.failures import Failure
    from aixplain.hub import Hub
    from aixplain.hub.errors import HubError

    _log_to_stderr()
    hub = Hub()
    try:
        hub.work(database, on_ready=lambda: note(f"A worker for {len(hub.entries)} models waits for runs. Ctrl-C stops it."))
    except HubError as error:
        raise Failure(str(error)) from error
    note("The worker has stopped.")


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True)


@app.command()
def doctor(
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The hub's folder.", show_default=False)] = None,
    hub: Annotated[str, typer.Option("--hub", metavar="URL", help="The hub's address.")] = f"http://127.0.0.1:{DEFAULT_PORT}",
    json: JsonOption = False,
) -> None:
    """Tell what is wrong with a hub: its folder, database, disk and address. The exit status is 1 then."""
    from aixplain.cli import hub_health
    from aixplain.cli.findings import tell

    folder = data or default_folder()
    findings = [hub_health.folder(folder), *hub_health.database(folder), hub_health.disk(folder)]
    findings.append(hub_health.address(hub, expected=bool(hub_health.working_in(folder))))
    if not tell(findings, json=json):
        raise typer.Exit(1)


def _reachable(url: str) -> str:
    """The address at which this machine finds a hub that listens on all of its addresses."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def default_folder() -> Path:
    """Where this user's hub keeps its database."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "aixplain" / "hub"


app.command("add")(upstreams.add)
app.command("remove")(upstreams.remove)
app.command("upstreams")(upstreams.upstreams)
app.command("discover")(upstreams.discover)
app.command("alias")(aliases.alias)
app.command("sync-prices")(aliases.sync_prices)
