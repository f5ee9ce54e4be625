"""`aix usage`: what was used, by day, model and key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aixplain.cli.books import DatabaseOption, DataOption, with_books
from aixplain.cli.output import note, print_json
from aixplain.cli.remote import administered, is_remote, results
from aixplain.cli.session import HubOption, JsonOption

PARTS = ("day", "model", "key")


def usage(
    since: Annotated[str | None, typer.Option(metavar="DAY", help="From this day on, in UTC; else 30 days.")] = None,
    by: Annotated[str, typer.Option(metavar="PARTS", help="What to sum by: some of day, model and key.")] = "day,model,key",
    data: DataOption = None,
    database: DatabaseOption = None,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Show how much a hub was used.

    The hub at --hub or BACKEND_URL is asked; without an address, its database on
    this machine is read, as with --data or --database.
    """
    parts = [part.strip() for part in by.split(",") if part.strip()]
    sums = _asked(hub, since, parts) if is_remote(hub, data, database) else _read(data, database, since, parts)
    if json:
        print_json(sums)
    elif not sums:
        note("No run ended in this time.")
    else:
        _print(sums, [part for part in PARTS if part in parts])


def _asked(hub: str | None, since: str | None, parts: list[str]) -> list[dict[str, Any]]:
    """The sums that a hub tells."""
    params = {"by": ",".join(parts), **({} if since is None else {"since": since})}
    with administered(hub) as aix:
        return results(aix, aix.client.get("sdk/usage", params=params))


def _read(data: Any, database: str | None, since: str | None, parts: list[str]) -> list[dict[str, Any]]:
    """The sums of a hub's database."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.moments import seconds_of
    from aixplain.hub.usage import asked_for, told

    try:
        first = None if since is None else seconds_of(since)
    except ValueError as error:
        raise UsageProblem(f"--since is followed by {error}.") from error
    try:
        wanted = asked_for(None, first, None, parts)
    except ValueError as error:
        raise UsageProblem(str(error)) from error
    return [told(each) for each in with_books(data, database, lambda kept: kept.usage.sums(wanted))]


def _print(sums: list[dict[str, Any]], parts: list[str]) -> None:
    from aixplain.cli.screen import print_table

    headings = (*parts, "runs", "failed", "tokens", "credits", "seconds")
    print_table(headings or ("",), [_row(each, parts) for each in sums])


def _row(each: dict[str, Any], parts: list[str]) -> list[str]:
    named = {**each, "key": each["keyName"] or each["key"] or "none"}
    tokens, credits = each["usage"], each["usedCredits"]
    return [
        *(str(named[part]) for part in parts),
        f"{each['runs']:,}",
        f"{each['failed']:,}",
        "unknown" if tokens is None else f"{tokens['total_tokens']:,}",
        "unknown" if credits is None else f"{credits:,.6g}",
        f"{each['runTime']:,.1f}",
    ]
