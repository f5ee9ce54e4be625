"""The models of this hub, as clients of OpenAI list them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from aixplain._wire.messages import Search
from aixplain.hub.service import Service
from aixplain.hub.store.keys import Key

LARGEST_PAGE = 1000


class _Asset(msgspec.Struct, rename="camel"):
    asset_path: str


class _Model(msgspec.Struct, rename="camel"):
    """What is told of a model, from what the catalog knows."""

    asset_info: _Asset
    created_at: datetime
    developer: str

    def told(self) -> dict[str, Any]:
        return {
            "id": self.asset_info.asset_path,
            "object": "model",
            "created": int(self.created_at.timestamp()),
            "owned_by": self.developer,
        }


class _Page(msgspec.Struct, rename="camel"):
    results: list[_Model]
    page_total: int


async def models(service: Service, by: Key) -> bytes:
    """The list of all models that a key may use."""
    found: list[_Model] = []
    number, pages = 0, 1
    while number < pages:
        body = await service.search(Search(page_number=number, page_size=LARGEST_PAGE), by)
        page = msgspec.json.decode(body, type=_Page)
        found += page.results
        number, pages = number + 1, page.page_total
    return msgspec.json.encode({"object": "list", "data": [model.told() for model in found]})


def model(service: Service, key: str, by: Key) -> bytes:
    """The model of this id or path. Raises `Refusal`."""
    return msgspec.json.encode(msgspec.json.decode(service.get(key, None, by), type=_Model).told())
