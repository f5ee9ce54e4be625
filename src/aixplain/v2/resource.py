"""What every resource of the API has in common: identity, pages, and the arguments of its calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Generic, NotRequired, Protocol, TypedDict, TypeVar, cast, overload, runtime_checkable

from aixplain._wire.control_characters import escape_line
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
        *,
        page_size: int = 0,
    ) -> None:
        self.results = results
        self.page_number = page_number
        self.page_total = page_total
        self.total = total
        self.unread = unread or []
        self._page_size = page_size
        self._before = page_number * page_size
        """How many records came on the pages before this one."""
        self._idle = 0
        """How many pages up to this one had nothing that the page before them had not."""

    @property
    def skipped(self) -> int:
        """How many records of the page nothing could be read of."""
        return len(self.unread)

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one, as far as the counts of the service can be believed.

        Counts that can't be are passed over, and where they contradict each other there is one. Without any there is a next
        page after a full one.
        """
        here = len(self.results) + self.skipped
        seen, pages = self._before + here, self.page_number + 1
        tells_pages = self.page_total > 0 and (not here or self.page_total >= pages)
        tells_total = self.total > 0 and self.total >= seen
        if tells_pages and (self.page_total > pages or self.page_total * self._page_size >= self.total):
            return self.page_total > pages
        if tells_pages or tells_total:
            return tells_total and self.total > seen
        return here > 0 and here >= self._page_size > 0

    def _without(self, seen: set[Any]) -> list[ResourceT]:
        """The records that earlier pages had not; all of this page are among the seen ones then."""
        new = [each for each in self.results if _identity(each) not in seen]
        seen.update(map(_identity, new))
        return new

    def _follows(self, before: PageParts[ResourceT]) -> bool:
        """Note which page this one came after; False when the search is to end there, because nothing new comes any more."""
        self._before = before._before + len(before.results) + before.skipped
        known = set(map(_identity, before.results))
        is_news = not known.issuperset(map(_identity, self.results)) or (self.skipped > 0 and self.unread != before.unread)
        self._idle = 0 if is_news else before._idle + 1
        return self._idle < MOST_IDLE

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
        return self._public_state() == cast("PageParts[Any]", other)._public_state()

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

    def _public_state(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name[:1] != "_"}

    def _no_client(self) -> ResourceError:
        return ResourceError("This page was copied or pickled, and so has no client to get another one with; search again")

    def __repr__(self) -> str:
        number = self.page_number + 1
        counts = f"{len(self)} of {max(self.total, len(self))}, page {number} of {max(self.page_total, number)}"
        shown = ", ".join(escape_line(_named(each)) for each in self.results[:MOST_SHOWN])
        more = f", and {len(self) - MOST_SHOWN} more" if len(self) > MOST_SHOWN else ""
        return f"{type(self).__name__}({counts}{': ' if shown else ''}{shown}{more})"


#: Pages in a row without anything new, after which a search ends whatever its counts say.
MOST_IDLE = 3
#: Records of a page that its repr names.
MOST_SHOWN = 100


def _identity(each: Any) -> Any:
    """What tells a record of a page from the others: its id, or all of it where it has none."""
    if not isinstance(each, BaseResource) or each.id:
        return each.id if isinstance(each, BaseResource) else each
    try:
        return each.to_json()
    except ValueError:  # nested too deeply to be compared
        return id(each)


def _named(each: Any) -> str:
    path = getattr(each, "path", None) if isinstance(each, BaseResource) else each
    return str(path or each.id or each.name)


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
        page = cls(parts.results, parts.page_number, parts.page_total, parts.total, parts.unread, page_size=parts._page_size)
        page._fetch = fetch
        return page

    def next(self) -> Page[ResourceT] | None:
        """The page after this one; None after the last."""
        if not self.has_next:
            return None
        if self._fetch is None:
            raise self._no_client()
        page = self._fetch(self.page_number + 1)
        return page if page._follows(self) else None

    def all(self) -> Iterator[ResourceT]:
        """All that the search finds from this page on, each once; each further page is asked for when it is reached."""
        seen: set[Any] = set()
        page: Page[ResourceT] | None = self
        while page is not None:
            yield from page._without(seen)
            page = page.next()


class AsyncPage(PageParts[ResourceT]):
    """One page of a search, on asyncio: `await page.next()`, `async for model in page.all()`."""

    _fetch: Callable[[int], Awaitable[AsyncPage[ResourceT]]] | None = None

    @classmethod
    def of(cls, parts: PageParts[ResourceT], fetch: Callable[[int], Awaitable[AsyncPage[ResourceT]]]) -> AsyncPage[ResourceT]:
        """The page that was read, and how to get another one."""
        page = cls(parts.results, parts.page_number, parts.page_total, parts.total, parts.unread, page_size=parts._page_size)
        page._fetch = fetch
        return page

    async def next(self) -> AsyncPage[ResourceT] | None:
        """The page after this one; None after the last."""
        if not self.has_next:
            return None
        if self._fetch is None:
            raise self._no_client()
        page = await self._fetch(self.page_number + 1)
        return page if page._follows(self) else None

    async def all(self) -> AsyncIterator[ResourceT]:
        """All that the search finds from this page on, each once; each further page is asked for when it is reached."""
        seen: set[Any] = set()
        page: AsyncPage[ResourceT] | None = self
        while page is not None:
            for each in page._without(seen):
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
