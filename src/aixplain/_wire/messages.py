"""The bodies of the protocol that both sides read and write, named as the reference names them."""

from __future__ import annotations

import math
from collections.abc import ItemsView, Iterator, KeysView
from typing import TYPE_CHECKING, Any

import msgspec

from aixplain._wire.open_records import LateRecord, OpenRecord, decode_open, read_late
from aixplain._wire.reasoning import reasoning_text
from aixplain._wire.records import Record

IN_PROGRESS = "IN_PROGRESS"
SUCCESS = "SUCCESS"
FAILED = "FAILED"

#: What steers a client is never an input of a model, and never sent.
CLIENT_CONTROLS = frozenset(
    {"timeout", "wait_time", "stream", "show_progress", "run_retries", "run_retry_wait", "api_key", "resource_path"}
)

#: A post with this header is carried out once, however often it arrives, by a service whose answers have the second one.
IDEMPOTENCY_KEY, KEEPS_KEYS = "idempotency-key", "idempotency-key-kept"

#: Arguments of a run that travel as headers.
RUN_HEADERS = {"identifier": "x-user-id", "session_id": "x-session-id", "agent_name": "x-agent"}
RUN_HEADER_NAMES = frozenset(RUN_HEADERS)


class _Part(OpenRecord):
    """A part of an answer, whose further keys a type checker lets pass."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class Message(_Part):
    """One message of a chat answer. `reasoning_content` is also filled from `reasoning` and `reasoning_details`.

    >>> Message("assistant", "hi").content
    'hi'
    """

    role: str = ""
    content: Any = None
    refusal: str | None = None
    annotations: list[Any] = []
    tool_calls: list[dict[str, Any]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None

    def __post_init__(self) -> None:
        if not self.reasoning_content and (self.reasoning or self.reasoning_details):
            self.reasoning_content = reasoning_text(self.reasoning_content, self.reasoning, self.reasoning_details)


def _read_message(body: msgspec.Raw) -> Message:
    try:
        return decode_open(Message, body)
    except msgspec.DecodeError:
        return Message()


if TYPE_CHECKING:
    _Message = Message
else:
    _Message = msgspec.Raw


@read_late(message=_read_message)
class Detail(LateRecord):
    """One alternative among the answers of a run.

    >>> Detail(0, Message("assistant", "hi")).message.content
    'hi'
    """

    index: int = 0
    message: _Message = msgspec.field(default_factory=Message)
    logprobs: Any = None
    finish_reason: str | None = None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


if TYPE_CHECKING:
    _Count = int | None
else:
    _Count = int | float | str | None


class Usage(_Part):
    """Tokens that a run used; None where the service didn't say.

    Services send counts as ints, as numeric strings, as "NaN" and as null; here they are ints or None.

    >>> usage = Usage.from_dict({"prompt_tokens": "12", "completion_tokens": "NaN"})
    >>> usage, usage["prompt_tokens"]
    (Usage(prompt_tokens=12, completion_tokens=None, total_tokens=None), 12)
    """

    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    total_tokens: _Count = None

    def __post_init__(self) -> None:
        self.prompt_tokens = _count(self.prompt_tokens)
        self.completion_tokens = _count(self.completion_tokens)
        self.total_tokens = _count(self.total_tokens)

    # It reads as a dict too: code for other clients writes `usage["total_tokens"]`.

    def __getitem__(self, name: str) -> Any:
        return self.to_dict()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_dict())

    def __contains__(self, name: object) -> bool:
        return name in self.to_dict()

    def keys(self) -> KeysView[str]:
        """The names of the counts, as the wire writes them."""
        return self.to_dict().keys()

    def items(self) -> ItemsView[str, Any]:
        """The counts with their names."""
        return self.to_dict().items()

    def get(self, name: str, default: Any = None) -> Any:
        """A count, or `default` where there is none of this name."""
        return self.to_dict().get(name, default)


def _count(value: float | str | None) -> int | None:
    if value is None or type(value) is int:
        return value
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if math.isfinite(number) else None


class Attribute(OpenRecord):
    """A fact about a model that no field holds, such as its licence."""

    name: str
    code: Any = None
    value: Any = None


class Parameter(OpenRecord, rename="camel"):
    """One input that a model takes.

    `description`, `minimum`, `maximum` and `max_length`, in characters, are told by a hub; the platform leaves them out.
    """

    name: str
    required: bool = False
    multiple_values: bool = False
    is_fixed: bool = False
    data_type: str | None = None
    data_sub_type: str | None = None
    values: list[Any] = []
    default_values: list[Any] = []
    available_options: list[Any] = []
    description: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None

    @property
    def default(self) -> Any:
        """The value that the service takes when none is given; None where it doesn't say.

        Several defaults are one list, for a parameter of several values.
        """
        if self.multiple_values and len(self.default_values) > 1:
            return [unwrap(item) for item in self.default_values]
        return unwrap(self.default_values[0]) if self.default_values else None

    @property
    def options(self) -> list[Any]:
        """The bare values of `available_options`; empty when any value will do."""
        return [unwrap(option) for option in self.available_options]


def unwrap(item: Any) -> Any:
    """The value in `{"value": …}`, or the item itself where a service sends it bare."""
    return item["value"] if isinstance(item, dict) and "value" in item else item


class Version(OpenRecord):
    """A release of a model."""

    name: str | None = None
    id: str | None = None


class Pricing(OpenRecord, rename="camel"):
    """What a run costs, in credits, per `unit_type` times `unit_type_scale` (`TOKEN`, `K`: per 1,000 tokens)."""

    price: float | None = None
    unit_type: str | None = None
    unit_type_scale: str | None = None


class VendorInfo(OpenRecord):
    """Who supplies a model."""

    id: str | int | None = None
    name: str | None = None
    code: str | None = None


class FunctionInfo(OpenRecord):
    """What a model does, as the wire writes it."""

    id: str
    name: str | None = None


class AssetInfo(OpenRecord, rename="camel"):
    """Where a model stands in the catalog: its path without and with the host."""

    asset_path: str | None = None
    instance_id: str | None = None


class Search(Record, rename="camel", omit_defaults=True):
    """The body of `POST /v2/models/paginate`."""

    # These are always written: a default that is made is not left out.
    page_number: int = msgspec.field(default_factory=lambda: 0)
    page_size: int = msgspec.field(default_factory=lambda: 20)
    sort: list[dict[str, Any]] | None = None
    q: str | None = None
    functions: list[str | FunctionInfo] | None = None
    suppliers: list[str | int] | None = None
    hosts: list[str] | None = None
    developers: list[str] | None = None
    path: str | None = None
    status: list[str] | None = None
    source_languages: list[str] | None = None
    target_languages: list[str] | None = None
    is_fine_tunable: bool | None = None
    saved: bool | None = None
    ownership: str | list[str] | None = None
    sort_by: str | None = None
    sort_order: int | str | None = None


class Upload(Record, rename="camel"):
    """The answer of `POST /sdk/file/upload/temp-url`: where the bytes go, and the address they have then."""

    upload_url: str
    download_url: str
    key: str | None = None
