"""Where `aix keys` and `aix usage` find a hub's database: they work on it beside the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from aixplain.cli.hub_options import folder_of, settings_from

if TYPE_CHECKING:
    from aixplain.hub.opening.books import Books

T = TypeVar("T")

DataOption = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The folder of the hub.", show_default=False)]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The PostgreSQL database of the hubs, in its place.", show_default=False),
]


def with_books(
    data: Path | None, database: str | None, work: Callable[[Books], Awaitable[T]], *, may_be_new: bool = False
) -> T:
    """Do some work with the books of a hub: the one that is named, else the one that `aix hub serve` would be from here.

    Raises `Failure`, and `UsageProblem` for a folder that has none.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.errors import HubError
    from aixplain.hub.opening import Place
    from aixplain.hub.opening.books import books
    from aixplain.hub.private import claim_folder

    told = settings_from({"data": data and str(data), "database": database})
    folder = folder_of(told.data)
    if data is None:
        database = told.database
    if database is None and may_be_new:
        try:
            claim_folder(folder)
        except OSError as error:
            raise Failure(f"The folder {folder} can't be used: {error.strerror}. Name another with --data.") from error
    elif database is None and not (folder / "hub.sqlite").exists():
        raise UsageProblem(f"There is no hub's database in {folder}. Name the folder of one with --data.")

    async def do() -> T:
        async with books(Place(folder, database)) as kept:
            return await work(kept)

    try:
        return asyncio.run(do())
    except HubError as error:
        raise Failure(str(error)) from error
