"""Run any AI model: on this machine, on a team's hub, on the aiXplain platform.

>>> from aixplain import Aixplain
>>> with Aixplain.local() as aix:
...     print(aix.Model.get("aixplain/sentiment").run(text="I love this").data)
POSITIVE
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aixplain.v2 import (
        Aixplain,
        AixplainV2Error,
        APIError,
        AsyncAixplain,
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
        StreamFailedError,
        StreamTimeoutError,
        TimeoutError,
        UnexpectedDataError,
        ValidationError,
    )

__all__ = [
    "APIError",
    "Aixplain",
    "AixplainV2Error",
    "AsyncAixplain",
    "BudgetReachedError",
    "CheckpointError",
    "ConfigurationError",
    "ConnectionLostError",
    "ConnectionTimeoutError",
    "FileSaveError",
    "FileUploadError",
    "IncompleteStreamError",
    "InputError",
    "InvalidResponseError",
    "ResourceError",
    "StreamFailedError",
    "StreamTimeoutError",
    "TimeoutError",
    "UnexpectedDataError",
    "ValidationError",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aixplain import v2

    return getattr(v2, name)


def __dir__() -> list[str]:
    return __all__
