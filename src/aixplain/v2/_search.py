"""The filters of a search, as one table, and the page that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NotRequired, TypeVar

import msgspec
from msgspec.structs import replace

from aixplain._wire.messages import Search
from aixplain._wire.open_records import Body, OpenRecord, Slices, read_open
from aixplain._wire.plain_data import plain
from aixplain._wire.records import UNREADABLE, Record, parse, read
from aixplain._wire.redaction import redact
from aixplain._wire.validation import did_you_mean, shown
from aixplain.v2 import enums
from aixplain.v2._words.wire_enum import WireEnum
from aixplain.v2.exceptions import InputError, InvalidResponseError
from aixplain.v2.resource import BaseSearchParams, PageParts

if TYPE_CHECKING:
    from aixplain.v2.enums import AssetStatus, Function, Language, Supplier

OpenT = TypeVar("OpenT", bound=OpenRecord)


class ModelSearchParams(BaseSearchParams):
    """What a search for models takes. Enum members, strings in either spelling, or lists of them.

    `host`, `developer` and `path` (a prefix, such as `openai/gpt-4`) narrow by where and whose a model is.
    """

    q: NotRequired[str]
    host: NotRequired[str]
    developer: NotRequired[str]
    path: NotRequired[str]
    functions: NotRequired[Function | str | Iterable[Function | str]]
    vendors: NotRequired[Supplier | str | Iterable[Supplier | str]]
    suppliers: NotRequired[Supplier | str | Iterable[Supplier | str]]
    source_languages: NotRequired[Language | str | Iterable[Language | str]]
    target_languages: NotRequired[Language | str | Iterable[Language | str]]
    is_finetunable: NotRequired[bool]
    saved: NotRequired[bool]
    status: NotRequired[AssetStatus | str | Iterable[AssetStatus | str]]


def _same(value: Any) -> Any:
    return plain(value)


def _word(name: str) -> Callable[[Any], Any]:
    """A converter to the words of an enum; a word that isn't known travels as it is."""

    def convert(value: Any) -> Any:
        enum: type[WireEnum] = getattr(enums, name)
        member = value if isinstance(value, WireEnum) else enum.lookup(value)
        return member.wire if member is not None else plain(value)

    return convert


def _words(name: str) -> Callable[[Any], list[Any]]:
    word = _word(name)
    return lambda value: [word(each) for each in _several(value)]


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]


def _listed(value: Any) -> list[Any]:
    return [plain(each) for each in _several(value)]


def _ownership(value: Any) -> Any:
    words = _words("OwnershipType")(value)
    return words[0] if len(words) == 1 else words


#: The argument of a search -> the field of the body, and how its value gets there.
FILTERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "query": ("q", _same),
    "q": ("q", _same),
    "page_number": ("page_number", _same),
    "page_size": ("page_size", _same),
    "functions": ("functions", _words("Function")),
    "vendors": ("suppliers", _words("Supplier")),
    "suppliers": ("suppliers", _words("Supplier")),
    "host": ("hosts", _listed),
    "developer": ("developers", _listed),
    "path": ("path", _same),
    "status": ("status", _words("AssetStatus")),
    "source_languages": ("source_languages", _words("Language")),
    "target_languages": ("target_languages", _words("Language")),
    "is_finetunable": ("is_fine_tunable", _same),
    "saved": ("saved", _same),
    "ownership": ("ownership", _ownership),
}
SORTING = ("sort_by", "sort_order")
CALL = ("api_key", "resource_path")


def search_body(filters: dict[str, Any]) -> Search:
    """The body that asks for these filters. Raises `InputError` for a name that is no filter.

    >>> search_body({"functions": enums.Function.TRANSLATION, "host": "openai"})
    Search(page_number=0, page_size=20, sort=[{}], q=None, functions=['translation'], ..., hosts=['openai'], ...)
    """
    for name in filters:
        if name not in FILTERS and name not in SORTING and name not in CALL:
            raise InputError(f"'{name}' is no filter of a search{did_you_mean(name, [*FILTERS, *SORTING])}")
    given = {name: value for name, value in filters.items() if value is not None and name in FILTERS}
    _check_paging(given)
    known = {FILTERS[name][0]: FILTERS[name][1](value) for name, value in given.items()}
    return Search(**known, sort=[_sort(filters.get("sort_by"), filters.get("sort_order"))])


def _check_paging(given: dict[str, Any]) -> None:
    for name, least in (("page_number", 0), ("page_size", 1)):
        value = given.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InputError(f"{name} is a whole number of {least} or more, not {shown(value)}")


def _sort(by: Any, order: Any) -> dict[str, Any]:
    if by is None:
        return {}
    return {"field": _word("SortBy")(by), "dir": _direction(order)}


def _direction(order: Any) -> int:
    if isinstance(order, int):
        return -1 if order < 0 else 1
    member = enums.SortOrder.lookup(order) if order is not None else enums.SortOrder.ASC
    if member is None:
        raise InputError(f"sort_order is ASC or DESC, not {shown(order)}")
    return member.direction


class SearchCall(msgspec.Struct):
    """A search that is about to be sent: for what, with which key, where."""

    wanted: Search
    api_key: str | None
    path: str

    def at_page(self, number: int) -> SearchCall:
        """The same search for another page."""
        return replace(self, wanted=replace(self.wanted, page_number=number))


class _Results(Record):
    """A page of which only the records are wanted, as JSON."""

    results: list[msgspec.Raw] | None


def page_decoder(kind: type[OpenT]) -> msgspec.json.Decoder[Any]:
    """A decoder of pages straight into records of this kind."""
    fields: Any = [("results", list[kind]), ("total", int, 0), ("page_total", int, 0)]  # type: ignore[valid-type]
    return msgspec.json.Decoder(msgspec.defstruct("PageBody", fields, rename="camel"))


class _PageSlices(Slices):
    """The records of a page as JSON."""

    def _find(self, body: Body) -> list[msgspec.Raw]:
        return msgspec.json.decode(body, type=_Results).results or []


def read_page(kind: type[OpenT], body: bytes, decoder: msgspec.json.Decoder[Any], call: SearchCall) -> PageParts[OpenT]:
    """Read the page in an answer: straight into records, and record by record when one of them is odd.

    The page's number is the one that was asked for: services leave it out, count from 1, or send text.
    """
    wanted = call.wanted
    try:
        page = decoder.decode(body)
    except UNREADABLE:
        return _read_odd_page(kind, body, call)
    slices = _PageSlices(body)
    for index, record in enumerate(page.results):
        vars(record)["_source"] = (slices, index)
    return PageParts(page.results, wanted.page_number, page.page_total, page.total, page_size=wanted.page_size)


def _read_odd_page(kind: type[OpenT], body: bytes, call: SearchCall) -> PageParts[OpenT]:
    try:
        told = parse(body)
    except msgspec.DecodeError as error:
        raise not_the_protocol(body, call.api_key) from error
    if not isinstance(told, dict) or not isinstance(told.get("results", ""), list | None):
        raise not_the_protocol(body, call.api_key)
    results: list[OpenT] = []
    unread: list[Any] = []
    for record in told["results"] or ():
        try:
            results.append(read_open(kind, record))
        except msgspec.ValidationError:
            unread.append(record)
    counts = _count(told.get("pageTotal")), _count(told.get("total"))
    return PageParts(results, call.wanted.page_number, *counts, unread, page_size=call.wanted.page_size)


def _count(value: Any) -> int:
    """A count of a service, which may be a float or a numeric string; 0 for what is none."""
    try:
        return int(read(float, value))
    except msgspec.ValidationError:
        return 0


def not_the_protocol(body: bytes, api_key: str | None = None) -> InvalidResponseError:
    """The error for an answer that is not in the protocol; it doesn't show the key."""
    return InvalidResponseError(
        f"The service answered with something that is no catalog: {redact(body, api_key)[:200]!r}. "
        "Is this the address of an aiXplain service or a hub?"
    )
