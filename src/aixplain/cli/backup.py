"""`aix hub backup`: a copy of what a hub keeps, while it works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from aixplain.cli.hub import DataOption, folder_of
from aixplain.cli.output import note


def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; nothing may be there.", show_default=False)],
    data: DataOption = None,
    files: Annotated[bool, typer.Option("--files", help="What was sent up too: FILE is a tar archive then.")] = False,
) -> None:
    """Copy a hub's database to FILE, also while the hub works.

    To restore, stop the hub, and put FILE in its folder as hub.sqlite, with no
    hub.sqlite-wal and hub.sqlite-shm beside it; unpack an archive there.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.errors import HubError
    from aixplain.hub.serving import read
    from aixplain.hub.store.sqlite.backup import back_up

    try:
        folder = folder_of(read({"data": data}, os.environ).data)
        back_up(folder, file, files=files)
    except ValueError as error:
        raise UsageProblem(str(error)) from error
    except HubError as error:
        raise Failure(str(error)) from error
    note(f"The copy of {folder} is {file}, {file.stat().st_size:,} bytes, and whole.")
