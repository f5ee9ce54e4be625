"""The records that an answer becomes: a run's result, and a chunk of a stream."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from aixplain._wire.messages import (
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
from aixplain._wire.open_records import LateRecord, decode_all_open, decode_open, read_all_open, read_late
from aixplain._wire.records import Record, parse
from aixplain._wire.redaction import redact
from aixplain._wire.statuses import is_failure, is_finished
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

T = TypeVar("T")


class Result(LateRecord, rename="camel"):
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
        # `completed` alone can't be trusted: an accepted run may arrive as "completed": true.
        status = self.status
        self.completed = status == SUCCESS or is_finished(status, self.completed)
        if not self.completed and self.url is None and isinstance(self.data, str) and status.upper() == IN_PROGRESS:
            self.url = self.data

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    @classmethod
    def from_body(cls, body: bytes, settings: Settings | None = None, api_key: str | None = None) -> Self:
        """Read the body of an answer, and keep it with the client's settings. Raises `InvalidResponseError`.

        `api_key` is the key of the call, if it had its own: no error shows it.
        """
        try:
            result = decode_open(cls, body)
        except msgspec.DecodeError as error:
            shown = redact(body, api_key or (settings.api_key if settings else None))[:200]
            raise InvalidResponseError(
                f"The service answered with something that is no result: {shown!r}. "
                "Is this the address of an aiXplain service or a hub?"
            ) from error
        vars(result)["_settings"] = settings
        return result

    def _state(self) -> dict[str, Any]:
        # A copy stays with its client; what is pickled may go anywhere, and the settings hold the key.
        return {name: value for name, value in super()._state().items() if name != "_settings"}

    @property
    def in_progress(self) -> bool:
        """The run goes on; `url` is where to ask after it."""
        return not self.completed

    @property
    def failed(self) -> bool:
        """Whether the run ended without a result: its status is FAILED, ABORTED or CANCELED."""
        return self.status != SUCCESS and is_failure(self.status)


_decode_details = msgspec.json.Decoder(list[Detail]).decode


def _read_details(body: msgspec.Raw) -> list[Detail] | dict[str, Any] | None:
    """The alternatives of a chat model, or what else a model tells; what is neither stays in `_raw_data`."""
    try:
        return decode_all_open(_decode_details, body)
    except msgspec.DecodeError:
        told = parse(body) if body else None
    if isinstance(told, list):
        return read_all_open(Detail, told)
    return told if isinstance(told, dict) else None


def _read_usage(body: msgspec.Raw) -> Usage | None:
    try:
        return decode_open(Usage, body)
    except msgspec.DecodeError:
        return None


if TYPE_CHECKING:
    _Details = list[Detail] | dict[str, Any] | None
    _Usage = Usage | None
else:
    _Details = _Usage = msgspec.Raw


@read_late(details=_read_details, usage=_read_usage)
class ModelResult(Result, rename="camel"):
    """The result of a model's run.

    `data` is the answer itself; `details` has the alternatives of a chat model, or whatever else the model tells;
    `run_time` is in seconds, `used_credits` in credits.

    >>> result = ModelResult.from_body(b'{"status": "SUCCESS", "data": "hi", "runTime": 0.5, "asset": {"assetId": "x"}}')
    >>> result.data, result.run_time, result.asset["assetId"]
    ('hi', 0.5, 'x')
    """

    details: _Details = None
    run_time: float | None = None
    used_credits: float | None = None
    usage: _Usage = None
    request_id: str | None = None
    status_code: int | None = None
    progress: float | None = None
    """How much is done of a run in progress, from 0 to 1; None where the service doesn't say."""

    def parse(self, kind: type[T]) -> T:
        """`data`, JSON as text or as a dict, as an object of this class. Raises `UnexpectedDataError`.

        The class is a `msgspec.Struct`, a dataclass, a TypedDict, a model of pydantic, or a type such as `list[int]`. Give it
        to the run too, as `response_format`, and a model that takes one answers in its shape.

        >>> ModelResult("SUCCESS", data='{"age": 36}').parse(dict[str, int])
        {'age': 36}
        """
        from aixplain.v2._inputs.structured import parse  # few results are parsed

        return parse(self.data, kind)

    def _repr_html_(self) -> str:
        """What a notebook shows: text, data, and media that show and play."""
        from aixplain.v2._notebook.results import result_html

        return result_html(self)

    def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        timeout: Any = 600.0,
        api_key: str | None = None,
        show_progress: bool = False,
    ) -> Any:
        """Save the data to a file or into a folder, as `Model.save` does: gives the path, or a list of them.

        A result of an `AsyncModel` is awaited: `await result.save(path)`. One that was streamed, unpickled, copied
        deeply or made by hand belongs to no client; `aix.Model.save(result, path)` saves it.
        """
        settings = vars(self).get("_settings")
        if settings is None:
            raise ValidationError(
                "This result belongs to no client: it was streamed, unpickled, copied deeply or made by hand. "
                "aix.Model.save(result, path) saves it with a client's connections"
            )
        return settings.client.Model.save(
            self, path, overwrite=overwrite, timeout=timeout, api_key=api_key, show_progress=show_progress
        )


class StreamChunk(Record):
    """A piece of a streamed answer: `data` is its text, `status` IN_PROGRESS or SUCCESS.

    `index` tells which alternative of a chat it belongs to, from 0; None for plain text, and for what
    concerns all of them, such as usage.
    """

    status: str = ResponseStatus.IN_PROGRESS
    data: Any = ""
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    error_message: str | None = None
    index: int | None = None
    logprobs: Any = None
