"""`aix hub`: serve models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from aixplain.cli.output import note

app = typer.Typer(help="Serve models to other programs and machines.", no_args_is_help=True)

DataOption = Annotated[
    str | None, typer.Option(metavar="DIR", help="The folder for the database and the files.", show_default=False)
]


@app.command()
def serve(
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
    tls_cert: Annotated[
        str | None, typer.Option(metavar="FILE", help="A certificate with its chain (PEM): speak https.", show_default=False)
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option(metavar="FILE", help="The key of the certificate (PEM).", show_default=False)
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(help="From where on things are logged (default: warning); info has requests.", show_default=False),
    ] = None,
    log_format: Annotated[
        Literal["text", "json"] | None, typer.Option(help="How the log is written (default: text).", show_default=False)
    ] = None,
    grace: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=0, help="How long what goes on may take to end at a stop (default: 5).", show_default=False
        ),
    ] = None,
    config: Annotated[str | None, typer.Option(metavar="FILE", help="More settings, as TOML.", show_default=False)] = None,
) -> None:
    """Serve the built-in models until Ctrl-C.

    Every setting may stand in the file of --config too, as name = value, or in
    the environment, as AIXPLAIN_HUB_NAME. AIXPLAIN_HUB_KEYS (comma separated)
    lists the keys that may use it; without any, it serves this machine only.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub import Hub, logs
    from aixplain.hub.errors import HubError
    from aixplain.hub.serving import read

    options = {
        "host": host,
        "port": port,
        "data": data,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "log_level": log_level,
        "log_format": log_format,
        "grace": grace,
        "config": config,
    }
    try:
        told = read(options, os.environ)
    except ValueError as error:
        raise UsageProblem(str(error)) from error
    logs.set_up(told.log_format, told.log_level)
    folder = folder_of(told.data)
    hub = Hub(keys=told.keys, settings=told)

    def ready(url: str) -> None:
        note(f"The hub serves {len(hub.entries)} models at {url} and keeps its runs in {folder}. Ctrl-C stops it.")
        note(f"Try:  {'TEAM_API_KEY=… ' if told.keys else ''}aix search --hub {_reachable(url)}")

    try:
        hub.serve(told.host, told.port, folder, tls_cert=told.tls_cert, tls_key=told.tls_key, on_ready=ready)
    except HubError as error:
        raise Failure(str(error)) from error
    note("The hub has stopped.")


def _reachable(url: str) -> str:
    """The address at which this machine finds a hub that listens on all of its addresses."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def folder_of(data: str | None) -> Path:
    """Where a hub keeps its database: the folder that was named, else this user's own."""
    if data is not None:
        return Path(data)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "aixplain" / "hub"
