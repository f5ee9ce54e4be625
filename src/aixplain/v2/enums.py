"""The words of the protocol. Each member is the string that travels, and equals it.

A word that the platform added since is no error anywhere: it stays the string that came.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from aixplain.v2._words.wire_enum import WireEnum

if TYPE_CHECKING:
    from aixplain.v2._words.functions import Function
    from aixplain.v2._words.languages import Language
    from aixplain.v2._words.suppliers import Supplier

__all__ = [
    "AssetStatus",
    "DataType",
    "Function",
    "Language",
    "OwnershipType",
    "ResponseStatus",
    "SortBy",
    "SortOrder",
    "Supplier",
]


class AssetStatus(WireEnum):
    """Where a model stands in its life."""

    DRAFT = "draft"
    HIDDEN = "hidden"
    SCHEDULED = "scheduled"
    ONBOARDING = "onboarding"
    ONBOARDED = "onboarded"
    PENDING = "pending"
    FAILED = "failed"
    TRAINING = "training"
    REJECTED = "rejected"
    ENABLING = "enabling"
    DELETING = "deleting"
    DISABLED = "disabled"
    DELETED = "deleted"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELING = "canceling"
    CANCELED = "canceled"
    DEPRECATED_DRAFT = "deprecated_draft"


class ResponseStatus(WireEnum):
    """Where a run stands. All but IN_PROGRESS are an ending."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    CANCELED = "CANCELED"


class DataType(WireEnum):
    """What kind of value a parameter takes or a model gives."""

    AUDIO = "audio"
    ARRAY = "array"
    BOOLEAN = "boolean"
    DOCUMENT = "document"
    EMBEDDING = "embedding"
    FLOAT = "float"
    IMAGE = "image"
    INTEGER = "integer"
    JSON = "json"
    LABEL = "label"
    NUMBER = "number"
    TENSOR = "tensor"
    TEXT = "text"
    VIDEO = "video"


class OwnershipType(WireEnum):
    """Whose models a search shows."""

    PRIVATE = "PRIVATE"
    PUBLIC = "PUBLIC"
    TEAM = "TEAM"


class SortBy(WireEnum):
    """What a search is sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"
    PRICE = "normalizedPrice"
    POPULARITY = "totalSubscribed"


class SortOrder(WireEnum):
    """Which end comes first. Travels as 1 or -1 (`direction`)."""

    ASC = "ASC"
    DESC = "DESC"

    @property
    def direction(self) -> int:
        """1 or -1, as the wire has it."""
        return 1 if self is SortOrder.ASC else -1


_HOMES = {
    "Function": "aixplain.v2._words.functions",
    "Language": "aixplain.v2._words.languages",
    "Supplier": "aixplain.v2._words.suppliers",
}


def __getattr__(name: str) -> Any:
    """The long enums, loaded when one is named: together they have 491 members."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return found
