"""`aix keys`: make, list and revoke the keys of a hub, in its database or over HTTP with an admin key."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.books import DatabaseOption, DataOption, with_books
from aixplain.cli.output import note, print_json
from aixplain.cli.remote import administered, is_remote, results
from aixplain.cli.session import HubOption, JsonOption

if TYPE_CHECKING:
    from aixplain.hub.opening.books import Books
    from aixplain.hub.store.keys import Key

app = typer.Typer(help="Make, list and end the keys that may use a hub.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it, such as who gets it.", show_default=False)],
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="A model that it may use, or a start as 'team/*'; else all.", show_default=False),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MODEL:]LIMIT=N",
            help="rpm, rpd, tpm, tpd (requests, tokens in a minute, day) or credits (a month).",
            show_default=False,
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends, as 2030-01-31, in UTC.", show_default=False)
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="It may administer keys, cancel any run, see all usage.")] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    hub: HubOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key, and print it: this once, for it is not kept.

    aix keys create ada --model 'team/*' --limit rpm=60 --limit credits=5
    """
    wanted = _wanted(name, model, limit or [], expires, is_admin=admin)
    if is_remote(hub, data, database):
        with administered(hub) as aix:
            made = aix.client.post("sdk/api-keys", json=_body(wanted))
    else:
        made = _made(wanted, data, database)
    if json:
        print_json(made)
        return
    note(f"The key '{made['name']}' has the id {made['id']}. It is shown here and now only; clients send it as TEAM_API_KEY:")
    sys.stdout.write(f"{made['accessKey']}\n")


def _made(wanted: Key, data: Path | None, database: str | None) -> dict[str, Any]:
    """Make a key in a hub's database. Raises `UsageProblem` for a name that is taken."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.key_bodies import told
    from aixplain.hub.keys import make
    from aixplain.hub.store.keys import NameTaken

    try:
        key, secret = with_books(data, database, lambda kept: make(kept.keys, wanted), may_be_new=True)
    except NameTaken as error:
        raise UsageProblem(f"{error} `aix keys revoke {shlex.quote(wanted.name)}` does.") from error
    return {**told(key), "accessKey": secret}


def _body(wanted: Key) -> dict[str, Any]:
    """A key as it is sent to a hub."""
    from aixplain.hub.key_bodies import told

    names = ("name", "isAdmin", "models", "budget", "globalLimits", "assetsLimits", "expiresAt")
    sent = told(wanted)
    return {name: sent[name] for name in names}


@app.command("list")
def list_keys(
    data: DataOption = None, database: DatabaseOption = None, hub: HubOption = None, json: JsonOption = False
) -> None:
    """List the keys that were not revoked."""
    if is_remote(hub, data, database):
        with administered(hub) as aix:
            keys = results(aix, aix.client.get("sdk/api-keys"))
    else:
        keys = _kept(data, database)
    if json:
        print_json(keys)
    elif not keys:
        note("There are no keys. `aix keys create NAME` makes one.")
    else:
        from aixplain.cli.screen import print_table

        print_table(("name", "id", "key", "used", "ends", "may"), [_row(key) for key in keys])


def _kept(data: Path | None, database: str | None) -> list[dict[str, Any]]:
    """The keys in a hub's database."""
    from aixplain.hub.key_bodies import told

    return [told(key) for key in with_books(data, database, lambda kept: kept.keys.all())]


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, or its name.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", "--yes", "-y", help="Also the last admin key.")] = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    hub: HubOption = None,
) -> None:
    """End a key for good. A hub that serves notices within a second."""
    if is_remote(hub, data, database):
        revoked = _revoked_by_hub(hub, key, force=force)
    else:
        revoked = with_books(data, database, lambda kept: _revoked(kept, key, force=force))
    note(f"The key '{revoked['name']}' ({revoked['id']}) is revoked.")


async def _revoked(kept: Books, named: str, *, force: bool) -> dict[str, Any]:
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.key_bodies import told
    from aixplain.hub.store.keys import LastAdminKey

    found = _chosen([told(key) for key in await kept.keys.all()], named)
    try:
        await kept.keys.revoke(found["id"], time.time(), force=force)
    except LastAdminKey as error:
        raise UsageProblem(f"{error} {_CONFIRM}") from error
    return found


def _revoked_by_hub(hub: str | None, named: str, *, force: bool) -> dict[str, Any]:
    from aixplain.cli.failures import UsageProblem
    from aixplain.v2.exceptions import APIError

    with administered(hub) as aix:
        found = _chosen(results(aix, aix.client.get("sdk/api-keys")), named)
        try:
            path = f"sdk/api-keys/{found['id']}"
            aix.client.request_raw("DELETE", path, params={"force": "true"} if force else {})
        except APIError as error:
            if error.status_code != 409:
                raise
            raise UsageProblem(f"The key '{found['name']}' ({found['id']}) is the last admin key. {_CONFIRM}") from error
    return found


_CONFIRM = "Make another first (`aix keys create NAME --admin`), or confirm with --force."


def _chosen(keys: list[dict[str, Any]], named: str) -> dict[str, Any]:
    """The key of this id or name. Raises `UsageProblem`."""
    from aixplain.cli.failures import UsageProblem

    found = [key for key in keys if key["id"] == named] or [key for key in keys if key["name"] == named]
    if not found:
        raise UsageProblem(f"There is no key '{named}'. `aix keys list` lists them.")
    if len(found) > 1:
        ids = ", ".join(key["id"] for key in found)
        raise UsageProblem(f"{len(found)} keys are called '{named}'. Name one by its id: {ids}.")
    return found[0]


# --- What is typed --------------------------------------------------------------------------------


def _wanted(name: str, models: list[str] | None, limits: list[str], expires: str | None, *, is_admin: bool) -> Key:
    """The key that is asked for. Raises `UsageProblem`."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.moments import seconds_of
    from aixplain.hub.store.keys import Key, Limits

    numbers: dict[str, dict[str, Any]] = {"": {}}
    for text in limits:
        model, limit, number = _limit(text)
        numbers.setdefault(model, {})[limit] = number
    try:
        by_model = {model: Limits(**each) for model, each in numbers.items()}
        return Key(
            "new",
            name.strip(),
            is_admin=is_admin,
            models=tuple(models) if models else None,
            limits=by_model.pop(""),
            model_limits=by_model,
            expires_at=None if expires is None else seconds_of(expires),
        )
    except ValueError as error:
        said = str(error)
        raise UsageProblem(f"--expires is followed by {said}." if said.startswith("a time") else said) from error


def _limit(text: str) -> tuple[str, str, Any]:
    """A limit as it is typed: its model ("" for all), its name and its number. Raises `UsageProblem`.

    >>> _limit("rpm=60"), _limit("acme/shout:credits=0.5")
    (('', 'rpm', 60), ('acme/shout', 'credits', 0.5))
    """
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.store.keys import Limits

    named, _, number = text.rpartition("=")
    model, _, limit = named.rpartition(":")
    names = Limits.__struct_fields__
    try:
        if limit not in names:
            raise ValueError(limit)
        return model, limit, float(number) if limit == "credits" else int(number)
    except ValueError as error:
        raise UsageProblem(
            f"{text!r:.100} is no limit. One looks like rpm=60, or acme/shout:rpm=60 for a model; there are {', '.join(names)}."
        ) from error


# --- What is shown --------------------------------------------------------------------------------


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    may = ["administer"] if key["isAdmin"] else []
    may += [f"use {', '.join(key['models'])}"] if key["models"] is not None else []
    may += _limits({**key["globalLimits"], "credits": key["budget"]}, "")
    for limits in key["assetsLimits"]:
        may += _limits({**limits, "credits": limits.get("budget")}, f"{limits['assetId']}:")
    return (
        key["name"],
        key["id"],
        key["accessKey"],
        _moment(key["lastUsedAt"]) or "never",
        _moment(key["expiresAt"]) or "never",
        ", ".join(may) or "all",
    )


def _limits(limits: dict[str, Any], before: str) -> list[str]:
    return [f"{before}{name}={limits[name]}" for name in _LIMITS if limits.get(name) is not None]


_LIMITS = ("rpm", "rpd", "tpm", "tpd", "credits")


def _moment(told: str | None) -> str | None:
    return None if told is None else f"{datetime.fromisoformat(told).astimezone(UTC):%Y-%m-%d %H:%M}"
