"""What every resource of the API has in common: identity, pages, and the arguments of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NotRequired, Protocol, TypedDict, TypeVar, overload, runtime_checkable

from aixplain._wire.records import Record
from aixplain.v2._records import Result
from aixplain.v2.enums import OwnershipType, SortBy, SortOrder

__all__ = [
    "BaseGetParams",
    "BaseResource",
    "BaseRunParams",
    "BaseSearchParams",
    "GetResourceMixin",
    "Page",
    "Result",
    "RunnableResourceMixin",
    "SearchResourceMixin",
]

ResourceT = TypeVar("ResourceT")


class BaseSearchParams(TypedDict):
    """What every search takes."""

    api_key: NotRequired[str]
    resource_path: NotRequired[str]
    query: NotRequired[str]
    ownership: NotRequired[OwnershipType | str | Sequence[OwnershipType | str]]
    sort_by: NotRequired[SortBy | str]
    sort_order: NotRequired[SortOrder | str | int]
    page_number: NotRequired[int]
    page_size: NotRequired[int]


class BaseGetParams(TypedDict):
    """What every get takes."""

    api_key: NotRequired[str]
    resource_path: NotRequired[str]
    host: NotRequired[str]


class BaseRunParams(TypedDict):
    """What every run takes: `timeout` is the deadline in seconds, `wait_time` the seconds between polls."""

    api_key: NotRequired[str]
    resource_path: NotRequired[str]
    timeout: NotRequired[float]
    wait_time: NotRequired[float]


class BaseResource(Record, rename="camel", dict=True, weakref=True):
    """Anything with an id and a name in the catalog."""

    id: str | None = None
    name: str | None = None
    description: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r}, name={self.name!r})"


class Page(Generic[ResourceT]):
    """One page of a search. Iterates, indexes and has a length, as a list does.

    `total` counts what the search finds in all, `page_total` its pages, `page_number` counts from 0. `skipped` counts the
    records of the page that nothing could be read of; they are in `unread` as they came.
    """

    def __init__(
        self,
        results: list[ResourceT],
        page_number: int = 0,
        page_total: int = 0,
        total: int = 0,
        *,
        unread: list[Any] | None = None,
        fetch: Callable[[int], Any] | None = None,
    ) -> None:
        self.results = results
        self.page_number = page_number
        self.page_total = page_total
        self.total = total
        self.unread = unread or []
        self._fetch = fetch

    @property
    def skipped(self) -> int:
        """How many records of the page nothing could be read of."""
        return len(self.unread)

    @property
    def has_next(self) -> bool:
        """Whether the search goes on after this page."""
        return self.page_number + 1 < self.page_total

    def next(self) -> Any:
        """The page after this one (to be awaited when the search was); None after the last."""
        return self._fetch(self.page_number + 1) if self._fetch is not None and self.has_next else None

    def __iter__(self) -> Iterator[ResourceT]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, key: int) -> ResourceT: ...
    @overload
    def __getitem__(self, key: slice) -> list[ResourceT]: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: int | slice | str) -> Any:
        return getattr(self, key) if isinstance(key, str) else self.results[key]

    def __repr__(self) -> str:
        return f"Page({len(self)} of {self.total}, page {self.page_number + 1} of {max(self.page_total, 1)})"


@runtime_checkable
class SearchResourceMixin(Protocol):
    """Anything that can be searched for."""

    search: Any


@runtime_checkable
class GetResourceMixin(Protocol):
    """Anything that can be got by its id."""

    get: Any


@runtime_checkable
class RunnableResourceMixin(Protocol):
    """Anything that can be run."""

    run: Any
    run_async: Any
    poll: Any
    sync_poll: Any
