"""`aix runs`: the runs of a hub, and what can be done about them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.output import note, print_answer, print_json
from aixplain.cli.session import HubOption, JsonOption, connect_to_hub

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain

app = typer.Typer(no_args_is_help=True)

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="The run's id, or how it ends in `aix runs list`.", show_default=False)
]
TimeoutOption = Annotated[float, typer.Option(metavar="SECONDS", min=0.001, help="How long to wait for it.")]

#: Which filter of the hub an option is.
FILTERS = ("status", "model", "since", "until")
#: What a hub answers to what can't be done: a filter that is none, no such run, one that is over, inputs that are gone.
REFUSALS = frozenset({400, 404, 409, 410})


@app.command("list")
def list_runs(
    status: Annotated[
        str | None, typer.Option(metavar="STATE", help="Such as failed, or accepted,started.", show_default=False)
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Of this model.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Accepted since, such as 2026-03-19.", show_default=False)
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Accepted before.", show_default=False)] = None,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page.")] = 1,
    page_size: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="Runs on a page.")] = 20,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """List the runs of your key, the newest first."""
    from aixplain.cli.run_list import print_runs

    wanted = {name: value for name, value in zip(FILTERS, (status, model, since, until), strict=True) if value}
    with _hub(hub) as aix:
        found = _asked(aix, {**wanted, "pageNumber": page - 1, "pageSize": page_size})
    if json:
        print_json(found["results"])
    else:
        print_runs(found)


@app.command("show")
def show(run: RunArgument, hub: HubOption = None, json: JsonOption = False) -> None:
    """Show a run: how it stands, and its answer while that is kept."""
    from aixplain.cli.run_list import print_run

    with _hub(hub) as aix:
        told = aix.client.get(f"sdk/runs/{_id_of(aix, run)}")
        answer = _answer(aix, told["requestId"])
    if json:
        print_json({**told, "answer": answer})
    else:
        print_run(told, answer)


@app.command("attach")
def attach(run: RunArgument, timeout: TimeoutOption = 300.0, hub: HubOption = None, json: JsonOption = False) -> None:
    """Watch a run to its end, and print its answer. Ctrl-C leaves it going on."""
    with _hub(hub) as aix:
        _attend(aix, _id_of(aix, run), timeout, json=json)


@app.command("cancel")
def cancel(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="Their ids.", show_default=False)],
    hub: HubOption = None,
) -> None:
    """Give runs up."""
    with _hub(hub) as aix:
        for run in runs:
            id = _id_of(aix, run)
            aix.client.request("DELETE", f"sdk/runs/{id}/result")
            note(f"Canceled {id}.")


@app.command("retry")
def retry(
    run: RunArgument,
    background: Annotated[bool, typer.Option("--async", help="Don't wait for it.")] = False,
    timeout: TimeoutOption = 300.0,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Run again what a run was, on a hub that still has its inputs."""
    with _hub(hub) as aix:
        accepted = aix.client.post(f"sdk/runs/{_id_of(aix, run)}/retry")
        id = accepted["requestId"]
        if background:
            note(f"Accepted as run {id}.")
            print_json(accepted) if json else print_answer(id)
        else:
            _attend(aix, id, timeout, json=json, accepted=id)


def _attend(aix: Aixplain, id: str, timeout: float, *, json: bool, accepted: str | None = None) -> None:
    from aixplain.cli.attending import attend

    result = attend(aix.Model(id="any"), id, timeout, accepted=accepted)  # whose run it is plays no part in a poll
    if json:
        print_json(result._raw_data)
    else:
        print_answer(result.data)


def _answer(aix: Aixplain, id: str) -> Any:
    """What a poll gives; None when the answer is not kept."""
    from aixplain.v2.exceptions import APIError

    try:
        return aix.client.get(f"sdk/runs/{id}/result")
    except APIError as error:
        if error.status_code != 404:
            raise
        return None


def _asked(aix: Aixplain, wanted: dict[str, Any]) -> Any:
    """A page of the list. Raises `UsageProblem` for a filter that can't be, and where no runs are listed."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.v2.exceptions import APIError

    try:
        return aix.client.get("sdk/runs", params=wanted)
    except APIError as error:
        if error.status_code != 404:
            raise
        raise UsageProblem(f"{aix.backend_url} lists no runs; a hub does. Name one with --hub URL.") from error


@contextlib.contextmanager
def _hub(hub: str | None) -> Iterator[Aixplain]:
    """The hub's client; what the hub says that can't be done is a `UsageProblem` in the hub's own words."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.v2.exceptions import APIError

    try:
        with connect_to_hub(hub) as aix:
            yield aix
    except APIError as error:
        said = error.response_data.get("message")
        if error.status_code not in REFUSALS or not isinstance(said, str):
            raise
        raise UsageProblem(said) from error


def _id_of(aix: Aixplain, run: str) -> str:
    """The whole id, of which the end will do. Raises `UsageProblem`."""
    from aixplain.cli.failures import UsageProblem

    end = run.lstrip("…")
    if len(end) >= 36:
        return end
    found = [each["requestId"] for each in _asked(aix, {"pageSize": 1000})["results"] if each["requestId"].endswith(end)]
    if len(found) == 1 and end:
        return str(found[0])
    what = "No run" if not found else f"More than one run ({len(found)})"
    raise UsageProblem(f"{what} among the newest 1,000 ends in '{end}'. `aix runs list` shows them; give the whole id.")
