"""`aix keys`: the keys that may use a hub, made and ended beside it, while it serves too."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.books import DatabaseOption, DataOption, with_books
from aixplain.cli.output import note, print_json
from aixplain.cli.session import JsonOption

if TYPE_CHECKING:
    from aixplain.hub.opening.books import Books
    from aixplain.hub.store.keys import Key, Limits

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
    json: JsonOption = False,
) -> None:
    """Make a key, and print it: this once, for it is not kept.

    aix keys create ada --model 'team/*' --limit rpm=60 --limit credits=5
    """
    from aixplain.hub.key_bodies import told
    from aixplain.hub.keys import make

    wanted = _wanted(name, model, limit or [], expires, is_admin=admin)
    key, secret = with_books(data, database, lambda kept: make(kept.keys, wanted), may_be_new=True)
    if json:
        print_json({**told(key), "accessKey": secret})
        return
    note(f"The key '{key.name}' has the id {key.id}. It is shown here and now only; clients send it as TEAM_API_KEY:")
    sys.stdout.write(secret + "\n")


@app.command("list")
def list_keys(data: DataOption = None, database: DatabaseOption = None, json: JsonOption = False) -> None:
    """List the keys that were not revoked."""
    from aixplain.hub.key_bodies import told

    keys = with_books(data, database, lambda kept: kept.keys.all())
    if json:
        print_json([told(key) for key in keys])
    elif not keys:
        note("There are no keys. `aix keys create NAME` makes one.")
    else:
        from aixplain.cli.screen import print_table

        print_table(("name", "id", "key", "used", "ends", "may"), [_row(key) for key in keys])


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, or its name.", show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """End a key for good. A hub that serves notices within a second."""
    revoked = with_books(data, database, lambda kept: _revoked(kept, key))
    note(f"The key '{revoked.name}' ({revoked.id}) is revoked.")


async def _revoked(kept: Books, named: str) -> Key:
    from aixplain.cli.failures import UsageProblem

    keys = await kept.keys.all()
    found = [key for key in keys if key.id == named] or [key for key in keys if key.name == named]
    if not found:
        raise UsageProblem(f"There is no key '{named}'. `aix keys list` lists them.")
    if len(found) > 1:
        raise UsageProblem(f"{len(found)} keys are called '{named}'. Name one by its id: {', '.join(key.id for key in found)}.")
    await kept.keys.revoke(found[0].id, time.time())
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


def _row(key: Key) -> tuple[str, ...]:
    may = ["administer"] if key.is_admin else []
    may += [f"use {', '.join(key.models)}"] if key.models is not None else []
    may += _limits(key.limits, "")
    for model, limits in key.model_limits.items():
        may += _limits(limits, f"{model}:")
    return (
        key.name,
        key.id,
        key.hint,
        _moment(key.used_at) or "never",
        _moment(key.expires_at) or "never",
        ", ".join(may) or "all",
    )


def _limits(limits: Limits, before: str) -> list[str]:
    import msgspec

    return [f"{before}{name}={number}" for name, number in msgspec.to_builtins(limits).items()]


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
