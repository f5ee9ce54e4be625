"""The SDK: one object, `Model`, that runs any AI model. Names are loaded on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aixplain.v2.core import (
        Aixplain,
        AsyncAixplain,
    )
    from aixplain.v2.enums import (
        AssetStatus,
        Function,
        Language,
        OwnershipType,
        ResponseStatus,
        SortBy,
        SortOrder,
        Supplier,
    )
    from aixplain.v2.exceptions import (
        AixplainV2Error,
        APIError,
        Attempt,
        BudgetReachedError,
        CheckpointError,
        ConfigurationError,
        ConnectionLostError,
        ConnectionTimeoutError,
        FileSaveError,
        FileUploadError,
        IncompleteStreamError,
        InputError,
        InvalidResponseError,
        ResourceError,
        ResponseRejectedError,
        StreamFailedError,
        StreamTimeoutError,
        TimeoutError,
        UnexpectedDataError,
        ValidationError,
    )
    from aixplain.v2.model import (
        AsyncModel,
        AsyncPage,
        MapItem,
        Model,
        ModelResult,
        Page,
    )

__all__ = [
    "APIError",
    "Aixplain",
    "AixplainV2Error",
    "AssetStatus",
    "AsyncAixplain",
    "AsyncModel",
    "AsyncPage",
    "Attempt",
    "BudgetReachedError",
    "CheckpointError",
    "ConfigurationError",
    "ConnectionLostError",
    "ConnectionTimeoutError",
    "FileSaveError",
    "FileUploadError",
    "Function",
    "IncompleteStreamError",
    "InputError",
    "InvalidResponseError",
    "Language",
    "MapItem",
    "Model",
    "ModelResult",
    "OwnershipType",
    "Page",
    "ResourceError",
    "ResponseRejectedError",
    "ResponseStatus",
    "SortBy",
    "SortOrder",
    "StreamFailedError",
    "StreamTimeoutError",
    "Supplier",
    "TimeoutError",
    "UnexpectedDataError",
    "ValidationError",
]

_HOMES = {
    "core": (
        "Aixplain",
        "AsyncAixplain",
    ),
    "enums": (
        "AssetStatus",
        "Function",
        "Language",
        "OwnershipType",
        "ResponseStatus",
        "SortBy",
        "SortOrder",
        "Supplier",
    ),
    "model": (
        "AsyncModel",
        "AsyncPage",
        "MapItem",
        "Model",
        "ModelResult",
        "Page",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF.get(name, 'exceptions')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
