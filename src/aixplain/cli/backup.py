"""`aix hub backup`: a copy of what a hub keeps, while it works."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aixplain.cli.hub_options import DataOption, folder_of, told_by
from aixplain.cli.output import note


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the copy goes; nothing may be there.", show_default=False)
    ],
    data: DataOption = None,
    files: Annotated[bool, typer.Option("--files", help="What was sent up too: FILE is a tar archive then.")] = False,
) -> None:
    """Copy a hub's database to FILE, also while the hub works.

    To restore, stop the hub, and put FILE in its folder as hub.sqlite, with no
    hub.sqlite-wal and hub.sqlite-shm beside it; unpack an archive there.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.errors import HubError
    from aixplain.hub.store.sqlite.backup import back_up

    told = told_by({"data": data})
    if told.database and data is None:
        raise UsageProblem(
            "This hub keeps its runs in PostgreSQL: copy them with pg_dump. --data DIR copies the hub of a folder."
        )
    folder = folder_of(told.data)
    try:
        back_up(folder, file, files=files)
    except HubError as error:
        raise Failure(str(error)) from error
    note(f"The copy of {folder} is {file}, {file.stat().st_size:,} bytes, and whole.")
