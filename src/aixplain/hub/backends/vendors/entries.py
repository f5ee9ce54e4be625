"""The list of a vendor's models, and their catalog entries."""

from __future__ import annotations

from collections.abc import Iterable

from aixplain.hub.backends.openai import parameters
from aixplain.hub.backends.openai.entries import entry_of
from aixplain.hub.backends.openai.listing import CHAT, EMBEDDING, Offered, function_of
from aixplain.hub.backends.vendors.chat import VendorChat
from aixplain.hub.backends.vendors.embeddings import VendorEmbedding
from aixplain.hub.backends.vendors.vendor import Vendor
from aixplain.hub.catalog import Entry
from aixplain.hub.side_loop import on_side_loop

#: What the models of a vendor may do here.
FUNCTIONS = frozenset({CHAT, EMBEDDING})


async def vendor_offers(vendor: Vendor) -> list[Offered] | None:
    """The models that a vendor offers and this hub can run; None for one that has no list. Raises `ModelError`."""
    return await on_side_loop(lambda: _offers(vendor))


async def _offers(vendor: Vendor) -> list[Offered] | None:
    async with vendor.asked() as client:
        if not client.SUPPORTS_LIST_MODELS:
            return None
        told = await client.alist_models(**vendor.dialect.listing)
    # Google's are models/gemini-…
    names = [model.id.removeprefix("models/") for model in told]
    return [Offered(name, kind, vendor.vendor) for name in names if (kind := kind_of(name)) is not None]


def kind_of(name: str) -> str | None:
    """What a model does, by its name; None for one that this hub has no way to run at a vendor."""
    kind = function_of({"id": name})
    return kind if kind in FUNCTIONS else None


def vendor_entries(vendor: Vendor, models: Iterable[Offered]) -> list[Entry]:
    """The entries of these models, at `name/model`."""
    return [_entry(vendor, model) for model in models]


def _entry(vendor: Vendor, model: Offered) -> Entry:
    if model.function == EMBEDDING:
        return entry_of(vendor, model, VendorEmbedding(vendor, model.id), parameters.EMBEDDING, vendor.timeout)
    return entry_of(vendor, model, VendorChat(vendor, model.id), vendor.dialect.parameters, vendor.timeout)
