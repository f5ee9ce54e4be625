"""Where `aix keys` and `aix usage` find a hub's database: they work on it beside the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from aixplain.cli.hub import default_folder

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
    """Do some work with the books of a hub. Raises `Failure`, and `UsageProblem` for a folder that has none."""
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.errors import HubError
    from aixplain.hub.opening import Place
    from aixplain.hub.opening.books import books

    folder = data or default_folder()
    if may_be_new:
        folder.mkdir(parents=True, exist_ok=True)
    elif database is None and not (folder / "hub.sqlite").exists():
        raise UsageProblem(f"There is no hub's database in {folder}. Name the folder of one with --data.")

    async def do() -> T:
        async with books(Place(folder, database)) as kept:
            return await work(kept)

    try:
        return asyncio.run(do())
    except HubError as error:
        raise Failure(str(error)) from error
