"""One entry of the catalog: what a model is, and the bodies that tell it."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import FILE_TYPES, QuickLook
from aixplain.hub.prices import FREE, UNKNOWN, Price

if TYPE_CHECKING:
    from aixplain.hub.backends import Backend

HOST = "aixplain-hub"
#: More seconds than any run takes.
LONGEST = 366 * 24 * 3600.0
_PATH = re.compile(r"[\w.:@+-]+(/[\w.:@+-]+)*")


def is_path(text: str) -> bool:
    """Whether a model may have this path: names with slashes between, and none that addresses leave out.

    >>> is_path("acme/llama-3:8b"), is_path("acme/../x")
    (True, False)
    """
    return _PATH.fullmatch(text) is not None and {".", ".."}.isdisjoint(text.split("/"))


@functools.lru_cache(maxsize=1024)
def _id_of(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Policy:
    """How a model is run: `concurrency` is how often at once (None: as often as asked), `timeout` the seconds of one attempt.

    An attempt that fails for no fault of its inputs is made again up to `retries` times, first after about `retry_wait` seconds
    and then after twice as long each time. Of the runs that wait, those of the model with the highest `priority` go first.
    Raises ValueError for numbers that make no sense.
    """

    concurrency: int | None = None
    timeout: float | None = None
    retries: int = 0
    retry_wait: float = 1.0
    priority: int = 0

    def __post_init__(self) -> None:
        if self.concurrency is not None and self.concurrency < 1:
            raise ValueError(f"A model runs at least once at a time, and concurrency is {self.concurrency}.")
        if self.timeout is not None and not 0 < self.timeout < LONGEST:
            raise ValueError(f"A timeout is a number of seconds, and not {self.timeout}.")
        if self.retries < 0 or not 0 <= self.retry_wait < LONGEST:
            raise ValueError(f"There are no {self.retries} retries, {self.retry_wait} seconds apart.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that this hub serves. From it come the MODEL body, the filters and, in time, every outlet's schema.

    A `price` of None is one that nobody told.
    """

    path: str
    function: str
    name: str
    description: str
    developer: str
    backend: Backend
    parameters: tuple[Parameter, ...] = ()
    version: str | None = None
    license: str | None = None
    languages: tuple[str, ...] = ()
    target_languages: tuple[str, ...] = ()
    asynchronous: bool = False
    streams: bool = False
    policy: Policy = Policy()
    supplier: tuple[int, str, str] = field(default=(1, "aiXplain", "aixplain"))
    price: Price | None = FREE
    #: The names of its inputs, and of those that are files: each run asks for them.
    names: frozenset[str] = field(init=False, repr=False, compare=False)
    files: frozenset[str] = field(init=False, repr=False, compare=False)
    _look: QuickLook | None = field(init=False, repr=False, compare=False, default=None)

    @property
    def id(self) -> str:
        """24 hexadecimal digits, the same on every hub that serves this path."""
        return _id_of(self.path)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(parameter.name for parameter in self.parameters))
        kinds = (parameter.name for parameter in self.parameters if parameter.data_type in FILE_TYPES)
        object.__setattr__(self, "files", frozenset(kinds))

    @property
    def quick_look(self) -> QuickLook:
        """At the values of a run. Made for the first one: of many models, few are ever run."""
        if self._look is None:
            object.__setattr__(self, "_look", QuickLook(self.parameters))
        return cast(QuickLook, self._look)

    @property
    def first_required(self) -> str | None:
        """The input that a bare `data` stands for."""
        required = [parameter.name for parameter in self.parameters if parameter.required]
        return required[0] if required else None

    def body(self, created_at: str, updated_at: str) -> dict[str, Any]:
        """The MODEL of the protocol."""
        number, name, code = self.supplier
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "status": "onboarded",
            "serviceName": None,
            "host": HOST,
            "developer": self.developer,
            "vendor": {"id": number, "name": name, "code": code},
            "function": {"id": self.function, "name": self.function.replace("-", " ").title()},
            "functionType": "ai",
            "type": "model",
            "pricing": UNKNOWN if self.price is None else self.price.pricing(),
            "version": {"name": self.version, "id": f"{self.id}-{self.version}" if self.version else self.id},
            "createdAt": created_at,
            "updatedAt": updated_at,
            "supportsStreaming": self.streams,
            "supportsBYOC": False,
            "connectionType": ["asynchronous"] if self.asynchronous else ["synchronous"],
            "assetInfo": {"assetPath": self.path, "instanceId": self.path},
            "attributes": self._attributes(),
            "params": msgspec.to_builtins(self.parameters),
        }

    def _attributes(self) -> list[dict[str, Any]]:
        facts = {
            "license": self.license,
            "languages": ", ".join(self.languages) or None,
            "target languages": ", ".join(self.target_languages) or None,
        }
        return [{"name": name, "code": name, "value": value} for name, value in facts.items() if value]
