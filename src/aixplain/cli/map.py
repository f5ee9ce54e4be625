"""`aix map`: a model over each row of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aixplain.cli.output import note, print_json
from aixplain.cli.session import HubOption, ModelArgument, connect, find

if TYPE_CHECKING:
    from aixplain.cli.mapping import Mapping


def map(
    model: ModelArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rows: .csv, .tsv, .jsonl or .parquet.", show_default=False)],
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="INPUTS", help="key=value, for every row.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", "-o", metavar="FILE", help="Where the rows go; else to stdout.", show_default=False)
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "-c", metavar="[INPUT=]NAME", help="The column of an input; of the main one.", show_default=False
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="Runs at a time.")] = 8,
    budget: Annotated[
        float | None, typer.Option(metavar="CREDITS", min=0, help="What it may cost.", show_default=False)
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.001, help="How long a run may take.")] = 300.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew, and replace the file.")] = False,
    hub: HubOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON; with --to.")] = False,
) -> None:
    """Run a model with each row of a file.

    Rows come out in their order, with the columns result and error. With --to,
    what was stopped or killed goes on by the same command.

    aix map aixplain/sentiment reviews.csv --column review --to rated.csv
    """
    from aixplain.cli.failures import UsageProblem
    from aixplain.cli.inputs import typed_inputs
    from aixplain.cli.mapping import Columns, Mapping
    from aixplain.cli.tables import open_table
    from aixplain.v2.exceptions import InputError

    if json and to is None:
        raise UsageProblem("--json goes with --to FILE: without that, the rows themselves are what is printed.")
    table = open_table(file)
    with connect(hub) as aix:
        found = find(aix, model)
        columns = Columns(found, table.columns, column or [], str(file))
        work = Mapping(found, table, columns, file, to, overwrite=overwrite)
        try:
            work.run(typed_inputs(found, inputs or []), concurrency=concurrency, budget=budget, timeout=timeout)
        except InputError as error:
            raise UsageProblem(f"{error}. `aix show {model}` tells what it takes.") from error
        finally:
            if work.began:
                _tell(work, json=json)
    if work.failed:
        raise typer.Exit(1)


def _tell(work: Mapping, *, json: bool) -> None:
    """What was done, also when it was stopped."""
    if json:
        print_json({"rows": work.done, "failed": work.failed, "usedCredits": work.credits, "to": str(work.to)})
    else:
        note(work.told())
