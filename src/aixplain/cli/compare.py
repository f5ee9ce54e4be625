"""`aix compare`: several models on one input."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from aixplain.cli.output import print_json
from aixplain.cli.session import HubOption, JsonOption, connect, find

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain
    from aixplain.v2.model import AsyncModel, Model

#: Letters that a column needs to be read; with fewer, models stand below one another.
READABLE = 24


class Outcome(msgspec.Struct, rename="camel"):
    """What one model made of the input; `seconds` is what a caller waits."""

    model: str
    data: Any = None
    error: str | None = None
    seconds: float = 0.0
    tokens: int | None = None
    credits: float | None = None


def compare(
    models: Annotated[str, typer.Argument(metavar="MODEL,MODEL", help="Their ids or paths.", show_default=False)],
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="INPUTS", help="As aix run takes them.", show_default=False)
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.001, help="How long each may take.")] = 300.0,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Run several models on one input, side by side. Time, tokens and credits stand below what they say.

    aix compare openai/gpt-4o,local/llama "Why is the sky blue?"
    """
    import asyncio

    from aixplain.cli.failures import UsageProblem
    from aixplain.cli.inputs import read_inputs
    from aixplain.cli.waiting import waiting

    names = [name.strip() for name in models.split(",") if name.strip()]
    if not names:
        raise UsageProblem("Which models? Name them with commas between: aix compare openai/gpt-4o,local/llama …")
    with connect(hub) as aix:
        found = [find(aix, name) for name in names]
        given = [read_inputs(model, inputs or []) for model in found]  # all of them, before any is run
        with waiting():
            outcomes = asyncio.run(_run_all(aix, list(zip(found, given, strict=True)), timeout))
    if json:
        print_json(outcomes)
    else:
        print_outcomes(outcomes)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


async def _run_all(aix: Aixplain, runs: list[tuple[Model, dict[str, Any]]], timeout: float) -> list[Outcome]:
    """All at once; Ctrl-C cancels each of them, which asyncio can and threads can't."""
    import asyncio

    from aixplain.v2.core import AsyncAixplain

    settings = aix.settings
    async with AsyncAixplain(settings.api_key, settings.backend_url, model_url=settings.model_url) as other:
        models = await asyncio.gather(*(other.Model.get(model.id or "") for model, _ in runs))
        return await asyncio.gather(*(_run(model, runs[n][1], timeout) for n, model in enumerate(models)))


async def _run(model: AsyncModel, inputs: dict[str, Any], timeout: float) -> Outcome:
    """One of the runs; that it failed is an outcome too."""
    from aixplain.v2.exceptions import AixplainV2Error

    name, began = model.path or model.id or "", time.monotonic()
    try:
        result = await model.run(timeout=timeout, cancel_on_interrupt=True, **inputs)
    except AixplainV2Error as error:
        return Outcome(name, error=str(error), seconds=time.monotonic() - began)
    tokens = None if result.usage is None else result.usage.total_tokens
    return Outcome(name, result.data, None, time.monotonic() - began, tokens, result.used_credits)


def print_outcomes(outcomes: list[Outcome]) -> None:
    """Side by side where there is room, else below one another."""
    from aixplain.cli.screen import console, has_width, print_columns

    if has_width() and console.width // len(outcomes) >= READABLE:
        print_columns([[each.model, _said(each), *_facts(each)] for each in outcomes])
        return
    for number, each in enumerate(outcomes):
        if number:
            console.print()
        console.print(each.model, style="bold cyan")
        console.print(_said(each))
        console.print(", ".join(filter(None, _facts(each))), style="dim")


def _said(outcome: Outcome) -> str:
    from aixplain.cli.output import as_text, for_terminal

    return outcome.error if outcome.error is not None else for_terminal(as_text(outcome.data).rstrip("\n"))


def _facts(outcome: Outcome) -> list[str]:
    from aixplain.cli.run_list import seconds

    tokens = "" if outcome.tokens is None else f"{outcome.tokens:,} tokens"
    credits = "" if outcome.credits is None else f"{outcome.credits:g} credits"
    return [seconds(outcome.seconds), tokens, credits, "failed" if outcome.error is not None else ""]
