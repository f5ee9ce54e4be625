"""The records that an answer becomes: a run's result, and a chunk of a stream."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, Self

import msgspec

from aixplain._wire.messages import (
    FAILED,
    IN_PROGRESS,
    SUCCESS,
    Attribute,
    Detail,
    Message,
    Parameter,
    Pricing,
    Usage,
    VendorInfo,
    Version,
)
from aixplain._wire.records import Record, decode
from aixplain.v2.enums import ResponseStatus
from aixplain.v2.exceptions import InvalidResponseError, ValidationError

if TYPE_CHECKING:
    from aixplain.v2._settings import Settings

__all__ = [
    "Attribute",
    "Detail",
    "Message",
    "ModelResult",
    "Parameter",
    "Pricing",
    "Result",
    "StreamChunk",
    "Usage",
    "VendorInfo",
    "Version",
]

#: A run with one of these is over. A word that isn't known counts as the answer's `completed` says.
ENDINGS = frozenset({SUCCESS, FAILED, "ABORTED", "CANCELED", "EXPIRED"})


class Result(Record, rename="camel", dict=True):
    """How a run stands, or ended. Keys of the answer that no field holds read as attributes (`result.asset`).

    >>> result = Result("SUCCESS", True)
    >>> result.status, result.completed
    ('SUCCESS', True)
    """

    status: str = ""
    completed: bool | None = None
    error_message: Any = None
    url: str | None = None
    result: Any = None
    supplier_error: Any = None
    data: Any = None

    def __post_init__(self) -> None:
        # The answer's own word can't be trusted: an accepted run may arrive as "completed": true.
        self.completed = self.status in ENDINGS or (self.status != IN_PROGRESS and bool(self.completed))
        if self.status == IN_PROGRESS and self.url is None and isinstance(self.data, str):
            self.url = self.data

    @property
    def _raw_data(self) -> dict[str, Any]:
        """The whole answer, as it came."""
        raw: bytes | None = vars(self).get("_body")
        return msgspec.json.decode(raw, type=dict[str, Any]) if raw else self.to_dict()

    def __getattr__(self, name: str) -> Any:
        raw: bytes | None = vars(self).get("_body") if name[:1] != "_" else None
        content = msgspec.json.decode(raw) if raw else {}
        for key in (name, _camel(name)):
            if key in content:
                return content[key]
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}, and the answer has no such key")

    @classmethod
    def from_body(cls, body: bytes, settings: Settings | None = None) -> Self:
        """Read the body of an answer, and keep it with the client's settings. Raises `InvalidResponseError`."""
        try:
            result = decode(cls, body)
        except msgspec.DecodeError as error:
            raise InvalidResponseError(
                f"The service answered with something that is no result: {body[:200]!r}. "
                "Is this the address of an aiXplain service or a hub?"
            ) from error
        own = vars(result)
        own["_body"] = body
        own["_settings"] = settings
        return result

    @property
    def in_progress(self) -> bool:
        """The run goes on; `url` is where to ask after it."""
        return not self.completed

    @property
    def failed(self) -> bool:
        """The run ended, and not well: FAILED, ABORTED, CANCELED and whatever else isn't a success."""
        return bool(self.completed) and self.status not in ("", SUCCESS)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


class ModelResult(Result, rename="camel", dict=True):
    """The result of a model's run.

    `data` is the answer itself; `details` has the alternatives of a chat model, or whatever else the model tells;
    `run_time` is in seconds, `used_credits` in credits.

    >>> result = ModelResult.from_body(b'{"status": "SUCCESS", "data": "hi", "runTime": 0.5, "asset": {"assetId": "x"}}')
    >>> result.data, result.run_time, result.asset["assetId"]
    ('hi', 0.5, 'x')
    """

    details: list[Detail] | dict[str, Any] | None = None
    run_time: float | None = None
    used_credits: float | None = None
    usage: Usage | None = None
    request_id: str | None = None
    status_code: int | None = None
    progress: float | None = None
    """How much is done of a run in progress, from 0 to 1; None where the service doesn't say."""

    def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        timeout: float = 600.0,
        api_key: str | None = None,
        show_progress: bool = False,
    ) -> Any:
        """Save the data to a file or into a folder, as `Model.save` does: gives the path, or a list of them.

        A result of an `AsyncModel` is awaited: `await result.save(path)`. One that was copied, unpickled or made by hand
        belongs to no client; `aix.Model.save(result, path)` saves it.
        """
        settings = vars(self).get("_settings")
        if settings is None:
            raise ValidationError(
                "This result belongs to no client: it was copied, unpickled or made by hand. "
                "aix.Model.save(result, path) saves it with a client's connections"
            )
        return settings.client.Model.save(
            self, path, overwrite=overwrite, timeout=timeout, api_key=api_key, show_progress=show_progress
        )


class StreamChunk(Record):
    """A piece of a streamed answer: `data` is its text, `status` IN_PROGRESS or SUCCESS."""

    status: str = ResponseStatus.IN_PROGRESS
    data: Any = ""
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    error_message: str | None = None
