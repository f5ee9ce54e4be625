"""`aix run`: run a model, whole, in pieces or in the background."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from aixplain.cli.failures import UsageProblem
from aixplain.cli.inputs import read_inputs
from aixplain.cli.output import note, notes, print_answer, print_json, print_piece
from aixplain.cli.session import HubOption, JsonOption, connect
from aixplain.v2.model import Model, ModelResult


def run(
    model: Annotated[str, typer.Argument(help="The model's id or path.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Its text, or key=value; @FILE reads a file, - what is piped in.", show_default=False),
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", "-s", help="Print the answer as it comes.")] = False,
    background: Annotated[bool, typer.Option("--async", help="Start it in the background, and watch it.")] = False,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds that it may take.")] = 300.0,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Run a model.

    aix run aixplain/sentiment "I love this"
    """
    if stream and background:
        raise UsageProblem("--stream and --async exclude each other: a stream is watched as it comes")
    with connect(hub) as aix:
        found = aix.Model.get(model)
        given = read_inputs(found, inputs or [])
        if stream:
            run_streamed(found, given, timeout, json=json)
            return
        result = run_watched(found, given, timeout) if background else found.run(timeout=timeout, **given)
        if json:
            print_json(result._raw_data)
        else:
            print_answer(result.data)


def run_streamed(model: Model, inputs: dict[str, Any], timeout: float, *, json: bool = False) -> None:
    """Print the pieces as they come: their text, or a line of JSON each."""
    last = "\n"
    with model.run_stream(timeout=timeout, **inputs) as pieces:
        for piece in pieces:
            if json:
                print_piece(piece.to_json() + "\n")
            elif piece.data:
                last = str(piece.data)
                print_piece(last)
    if not last.endswith("\n"):
        print_piece("\n")


def run_watched(model: Model, inputs: dict[str, Any], timeout: float) -> ModelResult:
    """Start a run in the background and watch it to its end."""
    accepted = model.run_async(timeout=timeout, **inputs)
    if accepted.url is None:
        return accepted
    note(f"Accepted as run {accepted.request_id or accepted.url}.")
    with watching("running") as show:
        return model.sync_poll(accepted.url, timeout=timeout, on_progress=lambda result: show(result.progress))


@contextlib.contextmanager
def watching(what: str) -> Iterator[Callable[[float | None], None]]:
    """A bar for a run, once the service says how far it is; a spinner until then. Where no terminal is, lines."""
    if not notes.is_terminal:
        yield _line_by_line(what)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notes, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(done: float | None) -> None:
            if done is not None:
                bar.update(task, total=1.0, completed=done)

        yield show


def _line_by_line(what: str) -> Callable[[float | None], None]:
    shown: list[int] = []

    def show(done: float | None) -> None:
        percent = None if done is None else int(done * 100)
        if percent is not None and (not shown or percent > shown[-1]):
            shown.append(percent)
            note(f"{what}: {percent} %")

    return show
