"""`aix run`: run a model, whole, in pieces or in the background."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.output import print_answer, print_json, print_piece
from aixplain.cli.session import HubOption, JsonOption, ModelArgument, connect, find, is_set_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aixplain.v2.model import Model, ModelResult, StreamChunk


def run(
    model: ModelArgument,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUTS",
            help="Its text, or key=value. @FILE reads a file, - what is piped in.",
            show_default=False,
        ),
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", "-s", help="Print the answer as it comes.")] = False,
    background: Annotated[bool, typer.Option("--async", help="Start it in the background, and watch it.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.001, help="How long it may take.")] = 300.0,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Save the answer: a file, a folder, - is stdout.", show_default=False
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of -o, if it is there.")] = False,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Run a model. Ctrl-C cancels the run, but for one that was started with --async.

    aix run aixplain/sentiment "I love this"

    With -o, media are saved as they are, text as UTF-8, other data as JSON.
    """
    from aixplain.cli.failures import UsageProblem
    from aixplain.cli.inputs import read_inputs
    from aixplain.v2.exceptions import InputError

    if stream and background:
        raise UsageProblem("--stream and --async exclude each other: a stream is watched as it comes.")
    if stream and output is not None:
        raise UsageProblem("--stream and -o exclude each other: a file is saved when it is whole.")
    saving = None
    if output is not None:
        from aixplain.cli.saving import Saving

        saving = Saving(output, overwrite=overwrite, json=json)
    with connect(hub) as aix:
        found = find(aix, model)
        given = read_inputs(found, inputs or [])
        try:
            if stream:
                _stream(found, given, timeout, json=json)
                return
            if background:
                result = _run_watched(found, given, timeout, stays=hub is not None or is_set_up())
            else:
                result = _run_waited(found, given, timeout)
        except InputError as error:
            raise UsageProblem(f"{error}. `aix show {model}` tells what it takes.") from error
        if saving is not None:
            saving.save(found, result)
        elif json:
            print_json(result._raw_data)
        else:
            print_answer(result.data)


def _run_waited(model: Model, inputs: dict[str, Any], timeout: float) -> ModelResult:
    """Run a model. A terminal shows that it is waited for."""
    if not sys.stderr.isatty():
        whole: ModelResult = model.run(timeout=timeout, cancel_on_interrupt=True, **inputs)
        return whole
    from aixplain.cli.waiting import waiting

    with waiting() as progress:
        watched: ModelResult = model.run(timeout=timeout, cancel_on_interrupt=True, on_progress=progress, **inputs)
    return watched


def _stream(model: Model, inputs: dict[str, Any], timeout: float, *, json: bool) -> None:
    """Print the pieces as they come: their text, or a line of JSON each."""
    from aixplain.cli.waiting import until_first

    last = "\n"
    try:
        for piece in until_first(_pieces(model, inputs, timeout)):
            if json:
                print_piece(piece.to_json() + "\n")
            elif isinstance(piece.data, str):
                print_piece(piece.data)
                last = piece.data or last
            else:  # a model that answers with a value at once
                print_answer(piece.data)
    finally:
        if not last.endswith("\n"):
            print_piece("\n")


def _pieces(model: Model, inputs: dict[str, Any], timeout: float) -> Iterator[StreamChunk]:
    with model.run_stream(timeout=timeout, **inputs) as pieces:
        yield from pieces


def _run_watched(model: Model, inputs: dict[str, Any], timeout: float, *, stays: bool) -> ModelResult:
    """Start a run in the background and watch it to its end."""
    from aixplain.cli.attending import attend

    accepted = model.run_async(timeout=timeout, **inputs)
    if accepted.url is None:
        return accepted
    return attend(model, accepted.url, timeout, stays=stays, accepted=accepted.request_id or accepted.url)
