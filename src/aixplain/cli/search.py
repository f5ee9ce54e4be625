"""`aix search`: what models there are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aixplain.cli.output import console, note, print_json, print_table
from aixplain.cli.session import HubOption, JsonOption, connect
from aixplain.v2._model_base import ModelBase
from aixplain.v2.resource import Page

WIDE = 110


def search(
    query: Annotated[str | None, typer.Argument(help="Words that the model is about.", show_default=False)] = None,
    function: Annotated[str | None, typer.Option(help="What it does, such as text-generation.")] = None,
    supplier: Annotated[str | None, typer.Option(help="Who supplies it, such as openai.")] = None,
    developer: Annotated[str | None, typer.Option(help="Who made it.")] = None,
    path: Annotated[str | None, typer.Option(help="How its path starts, such as openai/gpt.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(min=1, max=1000, help="Models on a page.")] = 20,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Find models."""
    given: dict[str, Any] = {"functions": function, "suppliers": supplier, "developer": developer, "path": path}
    filters = {name: value for name, value in given.items() if value is not None}
    with connect(hub) as aix:
        found = aix.Model.search(query, page_number=page - 1, page_size=page_size, **filters)
        if json:
            print_json([model.to_dict() for model in found])
        else:
            print_page(found)


def print_page(page: Page[Any]) -> None:
    """A page of models as a table, and how to see more."""
    # A narrow terminal has room for what a person needs to choose; `aix show` has the rest.
    columns = ("model", "function", "what it is") if console.width >= WIDE else ("model", "what it is")
    print_table(columns, [[_cell(model, column) for column in columns] for model in page], shorten=True)
    if page.total == 0:
        note("No model matches. `aix search` without words lists all of them.")
    elif page.total > len(page):
        more = f" Next: --page {page.page_number + 2}." if page.has_next else ""
        note(f"{len(page)} of {page.total} models.{more}")


def _cell(model: ModelBase, column: str) -> str:
    if column == "model":
        return model.path or model.id or ""
    if column == "function":
        return model.function or ""
    return next(iter((model.description or model.name or "").strip().splitlines()), "")
