"""What may be declared to a hub beside the models of its code, as it is kept."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from aixplain.hub.backends.openai.listing import Offered
from aixplain.hub.prices import Price
from aixplain.hub.store.declared import Declared, Kind

#: Seconds that an upstream's answer may take, unless it is told otherwise.
TIMEOUT = 600.0


class UpstreamSpec(msgspec.Struct, frozen=True):
    """A service that speaks OpenAI, or a `vendor` with a protocol of its own, whose models are offered here as `name/model`.

    `key_env` is the name of the variable that holds its key, never the key. A vendor's `url` is "" for its own address.
    """

    name: str
    url: str
    key_env: str | None = None
    models: tuple[Offered, ...] = ()
    timeout: float = TIMEOUT
    vendor: str | None = None


class RelaySpec(msgspec.Struct, frozen=True):
    """Another aiXplain, whose models are offered here as `name/path`; they are kept as its catalog tells them."""

    name: str
    url: str
    key_env: str | None = None
    models: tuple[msgspec.Raw, ...] = ()
    timeout: float = TIMEOUT


class _AssetInfo(msgspec.Struct, rename="camel"):
    asset_path: str | None = None
    instance_id: str | None = None


class _Relayed(msgspec.Struct):
    """As much of a model of another aiXplain as tells its path. Earlier hubs kept that by itself."""

    id: str
    path: str | None = None
    asset_info: _AssetInfo | None = msgspec.field(default=None, name="assetInfo")

    @property
    def place(self) -> str:
        """Its path, or its id where it has none."""
        asset = self.asset_info or _AssetInfo()
        return self.path or asset.instance_id or asset.asset_path or self.id


def paths_of(spec: UpstreamSpec | RelaySpec) -> list[str]:
    """Where the models of a service are offered here."""
    if isinstance(spec, UpstreamSpec):
        return [f"{spec.name}/{model.id}" for model in spec.models]
    models = [msgspec.json.decode(model, type=_Relayed) for model in spec.models]
    return [f"{spec.name}/{model.place}" for model in models]


class Target(msgspec.Struct, frozen=True):
    """A model that an alias stands for, as often as its share of the weights says."""

    path: str
    weight: float = 1.0


class AliasSpec(msgspec.Struct, frozen=True):
    """Another path for one of several models. A target that says nothing for `timeout` seconds is passed over."""

    name: str
    targets: tuple[Target, ...]
    timeout: float | None = None


class PriceSpec(msgspec.Struct, frozen=True):
    """What runs of the model at the path `name` cost."""

    name: str
    price: Price


Spec = UpstreamSpec | RelaySpec | AliasSpec | PriceSpec
SpecT = TypeVar("SpecT", UpstreamSpec, RelaySpec, AliasSpec, PriceSpec)


KINDS: dict[type[Spec], Kind] = {UpstreamSpec: "upstream", RelaySpec: "relay", AliasSpec: "alias", PriceSpec: "price"}


def declared(spec: Spec) -> Declared:
    """A declaration as it is kept."""
    return Declared(KINDS[type(spec)], spec.name, msgspec.json.encode(spec))


def specs(kept: list[Declared], kind: type[SpecT]) -> list[SpecT]:
    """The declarations of one kind."""
    return [msgspec.json.decode(each.body, type=kind) for each in kept if each.kind == KINDS[kind]]
