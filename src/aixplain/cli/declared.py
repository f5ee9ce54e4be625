"""What is declared in a hub's database, for the commands that read and change it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aixplain.hub.store.declared import DeclaredStore

DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The folder of the hub's database.", show_default=False)
]
SOON = "A hub that serves this folder sees it within 3 seconds."


@contextmanager
def opened(data: Path | None) -> Iterator[DeclaredStore]:
    """What is declared in the hub's database. Raises `Failure`."""
    from aixplain.cli.failures import Failure
    from aixplain.cli.hub import default_folder
    from aixplain.hub.errors import HubError
    from aixplain.hub.store.sqlite.declared import SqliteDeclared
    from aixplain.hub.store.sqlite.file import SqliteStore

    folder = data or default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        store = SqliteStore(folder / "hub.sqlite")
    except HubError as error:
        raise Failure(str(error)) from error
    try:
        yield SqliteDeclared(store)
    except HubError as error:
        raise Failure(str(error)) from error
    finally:
        store.close()
