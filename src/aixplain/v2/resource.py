"""What every resource of the API has in common: identity, pages, and the arguments of its calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Generic, NotRequired, Protocol, TypedDict, TypeVar, overload, runtime_checkable

from aixplain._wire.open_records import LateRecord
from aixplain.v2._records import Result
from aixplain.v2.enums import OwnershipType, SortBy, SortOrder
from aixplain.v2.exceptions import ResourceError

__all__ = [
    "AsyncPage",
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
    ownership: NotRequired[OwnershipType | str | Iterable[OwnershipType | str]]
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


class BaseResource(LateRecord, rename="camel", weakref=True):
    """Anything with an id and a name in the catalog."""

    id: str | None = None
    name: str | None = None
    description: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r}, name={self.name!r})"


class PageParts(Generic[ResourceT]):
    """One page of a search. Iterates, indexes and has a length, as a list does; `page["results"]` works too.

    `total` counts what the search finds in all, `page_total` its pages, `page_number` counts from 0. `unread` has the records
    of the page that nothing could be read of, as they came.
    """

    def __init__(
        self,
        results: list[ResourceT],
        page_number: int = 0,
        page_total: int = 0,
        total: int = 0,
        unread: list[Any] | None = None,
    ) -> None:
        self.results = results
        self.page_number = page_number
        self.page_total = page_total
        self.total = total
        self.unread = unread or []

    @property
    def skipped(self) -> int:
        """How many records of the page nothing could be read of."""
        return len(self.unread)

    @property
    def has_next(self) -> bool:
        """Whether the search goes on after this page."""
        return self.page_number + 1 < self.page_total

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
        if not isinstance(key, str):
            return self.results[key]
        if key not in _PAGE_KEYS:
            raise KeyError(f"{key!r} (there are: {', '.join(_PAGE_KEYS)})")
        return getattr(self, key)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.__getstate__() == other.__getstate__()

    __hash__ = None  # type: ignore[assignment] # as a list

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from aixplain.v2._notebook.catalog import page_html

        return page_html(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(_PAGE_KEYS)

    def __getstate__(self) -> dict[str, Any]:
        """Without the way to other pages, which is the client's."""
        return {name: value for name, value in vars(self).items() if name != "_fetch"}

    def _no_client(self) -> ResourceError:
        return ResourceError("This page was copied or pickled, and so has no client to get another one with; search again")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} of {self.total}, page {self.page_number + 1} of {max(self.page_total, 1)})"


_PAGE_KEYS = ("results", "page_number", "page_total", "total")


class Page(PageParts[ResourceT]):
    """One page of a search, blocking.

    >>> page = Page(["a", "b"], page_total=1, total=2)
    >>> len(page), page[0], list(page.all())
    (2, 'a', ['a', 'b'])
    """

    _fetch: Callable[[int], Page[ResourceT]] | None = None

    @classmethod
    def of(cls, parts: PageParts[ResourceT], fetch: Callable[[int], Page[ResourceT]]) -> Page[ResourceT]:
        """The page that was read, and how to get another one."""
        page = cls(parts.results, parts.page_number, parts.page_total, parts.total, parts.unread)
        page._fetch = fetch
        return page

    def next(self) -> Page[ResourceT] | None:
        """The page after this one; None after the last."""
        if not self.has_next:
            return None
        if self._fetch is None:
            raise self._no_client()
        return self._fetch(self.page_number + 1)

    def all(self) -> Iterator[ResourceT]:
        """All that the search finds from this page on; each further page is asked for when it is reached."""
        page: Page[ResourceT] | None = self
        while page is not None:
            yield from page.results
            page = page.next()


class AsyncPage(PageParts[ResourceT]):
    """One page of a search, on asyncio: `await page.next()`, `async for model in page.all()`."""

    _fetch: Callable[[int], Awaitable[AsyncPage[ResourceT]]] | None = None

    @classmethod
    def of(cls, parts: PageParts[ResourceT], fetch: Callable[[int], Awaitable[AsyncPage[ResourceT]]]) -> AsyncPage[ResourceT]:
        """The page that was read, and how to get another one."""
        page = cls(parts.results, parts.page_number, parts.page_total, parts.total, parts.unread)
        page._fetch = fetch
        return page

    async def next(self) -> AsyncPage[ResourceT] | None:
        """The page after this one; None after the last."""
        if not self.has_next:
            return None
        if self._fetch is None:
            raise self._no_client()
        return await self._fetch(self.page_number + 1)

    async def all(self) -> AsyncIterator[ResourceT]:
        """All that the search finds from this page on; each further page is asked for when it is reached."""
        page: AsyncPage[ResourceT] | None = self
        while page is not None:
            for each in page.results:
                yield each
            page = await page.next()


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
