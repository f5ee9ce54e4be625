"""`aix hub alias` and `sync-prices`: which models a path stands for, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.books import DatabaseOption, DataOption, with_books
from aixplain.cli.output import note
from aixplain.cli.upstreams import SOON, counted

if TYPE_CHECKING:
    from aixplain.hub.declarations import PriceSpec, RelaySpec, Target, UpstreamSpec
    from aixplain.hub.opening.books import Books
    from aixplain.hub.prices import Price
    from aixplain.hub.store.declared import DeclaredStore


def alias(
    path: Annotated[str, typer.Argument(metavar="PATH", help="The path that callers use.", show_default=False)],
    targets: Annotated[
        list[str], typer.Argument(metavar="MODEL[=WEIGHT]", help="The models that it stands for.", show_default=False)
    ],
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.1, help="Pass a model over that has not begun to answer.", show_default=False),
    ] = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Let a path stand for one of several models.

    Each is taken as often as its weight says; 0 is for when the others fail.
    One that refuses, fails or is too slow is passed over for the next one.
    """
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub import Hub
    from aixplain.hub.catalog import is_path
    from aixplain.hub.declarations import AliasSpec, declared, paths_of

    if not is_path(path):
        raise UsageProblem(f"{path!r} is no path of a model. One looks like team/default.")
    spec = AliasSpec(path, tuple(map(_target, targets)), timeout)
    if len({target.path for target in spec.targets}) < len(targets):
        raise UsageProblem("A model is there twice. Name each of them once, with its weight.")

    async def keep(kept: Books) -> list[str]:
        await kept.declared.put([declared(spec)])
        offered = [each for service in await _services(kept.declared) for each in paths_of(service)]
        return [target.path for target in spec.targets if target.path not in {*offered, *Hub().entries}]

    missing = with_books(data, database, keep, may_be_new=True)
    note(f"{path} stands for {', '.join(targets)}. {SOON}")
    if missing:
        told = "Unless a program of the hub does, it is passed over; an alias is, too."
        note(f"No upstream offers {', '.join(missing)}. {told}")


def _target(text: str) -> Target:
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.declarations import Target

    path, _, weight = text.partition("=")
    try:
        target = Target(path, float(weight or 1))
    except ValueError:
        target = Target(path, -1.0)
    if not path or not 0 <= target.weight < 1e6:
        raise UsageProblem(f"{text!r} is no target. One is MODEL, or MODEL=WEIGHT such as openai/gpt-4o=3.")
    return target


def sync_prices(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Prices as JSON, by model.", show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Take the prices of the hub's models from a file.

    {"gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}}:
    in credits, also input_cost_per_second and input_cost_per_request. A model is
    named by its path here, or as its upstream names it. What another aiXplain
    says that a run cost comes before the price that its model has here.
    """
    from aixplain.hub.declarations import PriceSpec, UpstreamSpec, paths_of

    listed = _price_list(file)

    async def sync(kept: Books) -> tuple[list[UpstreamSpec | RelaySpec], dict[str, Price]]:
        services = await _services(kept.declared)
        paths = [path for service in services for path in paths_of(service)]
        prices = {path: price for path in paths if (price := _price_of(path, listed)) is not None}
        await _replace(kept.declared, [PriceSpec(path, price) for path, price in prices.items()])
        return services, prices

    services, prices = with_books(data, database, sync)
    note(f"{len(prices)} of {counted(sum(len(each.models) for each in services))} have their prices from {file}. {SOON}")
    mute = [path for service in services if isinstance(service, UpstreamSpec) for path in paths_of(service)]
    if unknown := sorted(set(mute) - prices.keys()):
        note(f"It has none for {', '.join(unknown[:10])}{' …' if len(unknown) > 10 else ''}: what they cost is unknown.")


async def _replace(store: DeclaredStore, prices: list[PriceSpec]) -> None:
    """Make these the prices that are declared; at no time is a model without one that had one and will have one."""
    from aixplain.hub.declarations import declared

    await store.put([declared(price) for price in prices])
    kept = {price.name for price in prices}
    for each in await store.all():
        if each.kind == "price" and each.name not in kept:
            await store.remove("price", each.name)


async def _services(store: DeclaredStore) -> list[UpstreamSpec | RelaySpec]:
    """The services whose models are offered."""
    from aixplain.hub.declarations import RelaySpec, UpstreamSpec, specs

    kept = await store.all()
    return [*specs(kept, UpstreamSpec), *specs(kept, RelaySpec)]


def _price_list(file: Path) -> dict[str, Any]:
    import msgspec

    from aixplain.cli.failures import UsageProblem

    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise UsageProblem(f"{file} is no list of prices: {error}. `aix hub sync-prices --help` shows one.") from error


def _price_of(path: str, listed: dict[str, Any]) -> Price | None:
    import msgspec

    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.prices import Price

    names = (path, path.partition("/")[2], path.rpartition("/")[2])
    told = next((listed[name] for name in names if isinstance(listed.get(name), dict)), None)
    try:
        price = None if told is None else msgspec.convert(told, Price)
    except msgspec.ValidationError as error:
        raise UsageProblem(f"The price of {path} can't be read: {error}.") from error
    return None if told is None or price == Price() or _is_charged_otherwise(told) else price


def _is_charged_otherwise(told: dict[str, Any]) -> bool:
    """Whether a price is by what isn't counted here, such as pictures or letters: by the rest alone it would be nothing."""
    from aixplain.hub.prices import Price

    charged = {name for name, cost in told.items() if "cost" in name and isinstance(cost, int | float) and cost > 0}
    return bool(charged) and charged.isdisjoint(Price.__struct_fields__)
