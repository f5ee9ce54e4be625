"""Run any AI model: on this machine, on a team's hub, on the aiXplain platform.

>>> from aixplain import Aixplain
>>> with Aixplain.local() as aix:
...     print(aix.Model.get("aixplain/sentiment").run(text="I love this").data)
POSITIVE
"""

from __future__ import annotations

import os
import sys
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
        ResponseRejectedError,
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
    "ResponseRejectedError",
    "StreamFailedError",
    "StreamTimeoutError",
    "TimeoutError",
    "UnexpectedDataError",
    "ValidationError",
]


def _warn_of_the_official_package() -> None:
    """Warn if the distribution `aixplain` is installed too: its modules and these overwrite each other."""
    library = os.__file__.rpartition(os.sep)[0]
    for folder in sys.path:
        if folder.startswith(library) and not folder.endswith("-packages"):
            continue  # Python's own modules
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - pathlib is slow to import
        except OSError:  # an archive, or a folder that isn't there
            continue
        if any(name.startswith("aixplain-") and name.endswith((".dist-info", ".egg-info")) for name in names):
            import warnings  # costs a millisecond where nothing else has loaded it

            warnings.warn(
                "The packages aixplain-models and aixplain share the import name `aixplain` and can't share an environment: "
                "the files of the one installed last overwrite the other's. Uninstall both, then install the one you want: "
                f"pip uninstall aixplain aixplain-models. (aixplain was found in {folder or 'the working directory'}.)",
                RuntimeWarning,
                stacklevel=2,
            )
            return


_warn_of_the_official_package()


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aixplain import v2

    return getattr(v2, name)


def __dir__() -> list[str]:
    return __all__
