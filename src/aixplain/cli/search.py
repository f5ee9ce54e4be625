"""`aix search`: what models there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.output import note, print_json
from aixplain.cli.session import HubOption, JsonOption, connect

if TYPE_CHECKING:
    from aixplain.v2._model_base import ModelBase
    from aixplain.v2.resource import Page

WIDE = 110


def search(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="What the model is about.", show_default=False)
    ] = None,
    function: Annotated[str | None, typer.Option(metavar="NAME", help="What it does, such as text-generation.")] = None,
    supplier: Annotated[str | None, typer.Option(metavar="NAME", help="Who supplies it, such as openai.")] = None,
    developer: Annotated[str | None, typer.Option(metavar="NAME", help="Who made it.")] = None,
    path: Annotated[str | None, typer.Option(metavar="START", help="How its path starts, such as openai/gpt.")] = None,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="Models on a page.")] = 20,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Find models."""
    given: dict[str, Any] = {"functions": function, "suppliers": supplier, "developer": developer, "path": path}
    filters = {name: value for name, value in given.items() if value is not None}
    with connect(hub) as aix:
        found = aix.Model.search(" ".join(words or []) or None, page_number=page - 1, page_size=page_size, **filters)
        if json:
            print_json([model.to_dict() for model in found])
        else:
            print_page(found)


def print_page(page: Page[Any]) -> None:
    """A page of models as a table, and how to see more."""
    from aixplain.cli.screen import console, print_table

    # A narrow terminal has room for what a person needs to choose; `aix show` has the rest.
    columns = ("model", "function", "what it is") if console.width >= WIDE else ("model", "what it is")
    if len(page):
        print_table(columns, [[_cell(model, column) for column in columns] for model in page], shorten=True)
    if more := _more(page):
        note(more)


def _more(page: Page[Any]) -> str:
    """What a person should know beside the table."""
    if page.total == 0:
        return (
            "No model matches. Try fewer or other words, such as what it does (translation, speech to text), "
            "and fewer filters. `aix search` without words lists all of them."
        )
    if not len(page):
        return f"There is no page {page.page_number + 1}; the {page.total} models that match end on page {page.page_total}."
    following = f" Next: --page {page.page_number + 2}" if page.has_next else ""
    return f"{len(page)} of {page.total} models.{following}" if page.total > len(page) else ""


def _cell(model: ModelBase, column: str) -> str:
    if column == "model":
        return model.path or model.id or ""
    if column == "function":
        return model.function or ""
    return about(model)


def about(model: ModelBase) -> str:
    """What a model is, in a line."""
    return next(iter((model.description or model.name or "").strip().splitlines()), "")
