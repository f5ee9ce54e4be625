"""Pages of a search: sequences that go on, with whatever odd records a service puts in them."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aixplain import Aixplain, AsyncAixplain, ResourceError
from aixplain.v2.exceptions import InvalidResponseError
from aixplain.v2.model import Model
from aixplain.v2.resource import MOST_IDLE, Page
from aixplain.v2.transport import AsyncClock, Clock, Request, Response

Told = Callable[..., dict[str, Any]]


def page_of(*records: Any, **changed: Any) -> dict[str, Any]:
    """The answer of a search that found these."""
    return {"results": list(records), "total": len(records), "pageTotal": 1, "pageNumber": 0, **changed}


def bare(wrapped: Any) -> Any:
    """The object itself, in the colour that tests have wrapped."""
    return vars(wrapped).get("target", wrapped)


def exhaust(iterator: Any) -> None:
    """Read to the end, in either colour."""

    async def read() -> None:
        async for _ in iterator:
            pass

    if isinstance(iterator, AsyncIterator):
        asyncio.run(read())
    else:
        list(iterator)


def test_a_page_of_models_is_pickled_without_its_client(canned: Any, service: Any, told: Told) -> None:
    service.answer = page_of(told(id="a"), told(id="b"), total=40, pageTotal=2)
    page = canned.Model.search(page_size=20)
    twin = pickle.loads(pickle.dumps(bare(page)))
    assert twin == bare(page)
    assert [model.id for model in twin] == ["a", "b"]
    assert twin.has_next
    following = twin.all()
    with pytest.raises(ResourceError, match="has no client to get another one with; search again"):
        exhaust(following)


def test_a_page_is_a_sequence(canned: Any, service: Any, told: Told) -> None:
    service.answer = page_of(*(told(id=id) for id in "abc"))
    page = canned.Model.search()
    page = bare(page)
    assert (len(page), page[0].id, page[-1].id) == (3, "a", "c")
    assert [model.id for model in page[1:]] == ["b", "c"]
    assert [model.id for model in reversed(page)] == ["c", "b", "a"]
    assert page[1] in page
    assert page["results"] is page.results
    assert (page["total"], page["page_number"], page["page_total"]) == (3, 0, 1)
    with pytest.raises(KeyError, match="there are: results"):
        page["result"]
    with pytest.raises(IndexError):
        page[3]


def test_all_pages_are_walked_lazily(canned: Any, service: Any, told: Told) -> None:
    service.answer = page_of(told(id="a"), told(id="b"), total=6, pageTotal=3)
    page = canned.Model.search("words", page_size=2, host="openai", api_key="other")
    walk = iter(page.all())
    assert [next(walk).id, next(walk).id] == ["a", "b"]
    assert len(service.asked) == 1
    service.answer = page_of(told(id="c"), pageNumber=1, total=6, pageTotal=3)
    assert next(walk).id == "c"
    service.answer = page_of(told(id="d"), pageNumber=2, total=6, pageTotal=3)
    assert [model.id for model in walk] == ["d"]
    asked = [request.body for request in service.asked]
    assert [each.get("pageNumber", 0) for each in asked] == [0, 1, 2]
    assert [(each["q"], each["hosts"], each["pageSize"]) for each in asked] == [("words", ["openai"], 2)] * 3


# --- Odd pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [None, 7, "text", True, [], ["a"]], ids=repr)
def test_what_is_no_record_is_counted_and_kept(canned: Any, service: Any, told: Told, odd: Any) -> None:
    service.answer = page_of(odd, told(id="a"), odd)
    page = canned.Model.search()
    assert ([model.id for model in page], page.skipped, page.unread) == (["a"], 2, [odd, odd])
    assert (len(page), page.total) == (1, 3)


@pytest.mark.parametrize(
    ("changed", "numbers"),
    [
        ({"total": "12", "pageTotal": "3", "pageNumber": "1"}, (12, 3, 0)),
        ({"total": None, "pageTotal": None}, (0, 0, 0)),
        ({"total": "many", "pageTotal": [], "pageNumber": {}}, (0, 0, 0)),
        ({"newKey": 1}, (1, 1, 0)),
    ],
)
def test_a_page_with_odd_numbers_still_has_its_models(
    canned: Any, service: Any, told: Told, changed: Any, numbers: Any
) -> None:
    service.answer = page_of(told(), **changed)
    page = canned.Model.search()
    assert (page.total, page.page_total, page.page_number) == numbers
    assert [model.name for model in page] == ["GPT-4o"]


def test_a_page_without_results_is_empty_when_it_says_so(canned: Any, service: Any) -> None:
    service.answer = page_of(results=None)
    assert list(canned.Model.search()) == []


@pytest.mark.parametrize(
    "answer", [{}, {"message": "hi"}, {"results": "odd"}, {"results": {}}, [], None, "x", b"<html>", b"\xff"]
)
def test_what_is_no_page_is_an_error_that_says_so(canned: Any, service: Any, answer: Any) -> None:
    service.answer = answer
    with pytest.raises(InvalidResponseError, match="is no catalog"):
        canned.Model.search()


KEYS = (
    *("id", "name", "description", "status", "vendor", "function", "pricing", "version", "supportsStreaming", "host"),
    *("connectionType", "assetInfo", "attributes", "params", "path", "newKey"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
odd_records = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=8) | json_values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the client and the service keep nothing
@given(st.lists(odd_records, max_size=5), st.randoms())
def test_no_record_costs_a_page(told: Told, odd: list[Any], random: Any) -> None:
    good = [told(id=f"good-{number}") for number in range(3)]
    records = [*good, *odd]
    random.shuffle(records)
    aix = Aixplain(backend_url="http://127.0.0.1:1")
    page = aix.Model._page_parts(msgspec.json.encode(page_of(*records)), aix.Model._search_call(None, {}))
    assert len(page) + page.skipped == len(records)
    assert [model.to_dict() for model in page if str(model.id).startswith("good-")] == [
        Model.from_dict(record).to_dict() for record in records if record in good
    ]
    for model in page:
        assert model._raw_data in records
        assert Model.from_dict(model.to_dict()) == model
        assert pickle.loads(pickle.dumps(model)) == model


# --- Counts that can't be believed ----------------------------------------------------------------


class Catalog(Clock):
    """A catalog of models, in pages of one, that tells its counts as a test wants. A blocking transport."""

    def __init__(self, pages: list[list[str]], counts: dict[str, Any], *, page_of_number: Callable[[int], int]) -> None:
        self.pages, self.counts, self.page_of_number = pages, counts, page_of_number
        self.asked: list[int] = []

    def request(self, request: Request) -> Response:
        assert isinstance(request.content, bytes)
        number = msgspec.json.decode(request.content)["pageNumber"]
        self.asked.append(number)
        place = self.page_of_number(number)
        found = self.pages[place] if place < len(self.pages) else []
        told = {name: count(number) if callable(count) else count for name, count in self.counts.items()}
        answer = {"results": [{"id": id, "name": id} for id in found], **told}
        return Response(200, {}, msgspec.json.encode(answer))

    def stream(self, request: Request) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


class AsyncCatalog(AsyncClock):
    """The same for asyncio."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    async def request(self, request: Request) -> Response:
        return self.catalog.request(request)

    async def stream(self, request: Request) -> Any:
        raise NotImplementedError

    async def close(self) -> None:
        pass


def walked(catalog: Catalog, way: str) -> list[str | None]:
    """The ids of all models, by one of the four ways of walking through the pages; 99 at most."""
    if way in ("all", "next"):
        page: Any = Aixplain(backend_url="http://127.0.0.1:1", transport=catalog).Model.search(page_size=1)
        if way == "all":
            return [model.id for model in islice(page.all(), 99)]
        ids: list[str | None] = []
        while page is not None and len(ids) < 99:
            ids += [model.id for model in page if model.id not in ids]
            page = page.next()
        return ids

    async def walk() -> list[str | None]:
        found: list[str | None] = []
        page: Any = await AsyncAixplain(backend_url="http://127.0.0.1:1", transport=AsyncCatalog(catalog)).Model.search(
            page_size=1
        )
        if way == "async all":
            async for model in page.all():
                found.append(model.id)
                assert len(found) < 99
            return found
        while page is not None and len(found) < 99:
            found += [model.id for model in page if model.id not in found]
            page = await page.next()
        return found

    return asyncio.run(walk())


COUNTS: dict[str, dict[str, Any]] = {
    "right": {"total": 3, "pageTotal": 3, "pageNumber": lambda number: number},
    "no pageNumber": {"total": 3, "pageTotal": 3},
    "pageNumber null": {"total": 3, "pageTotal": 3, "pageNumber": None},
    "pageNumber always 0": {"total": 3, "pageTotal": 3, "pageNumber": 0},
    "pageNumber from 1": {"total": 3, "pageTotal": 3, "pageNumber": lambda number: number + 1},
    "pageNumber as text": {"total": 3, "pageTotal": 3, "pageNumber": "0"},
    "no pageTotal": {"total": 3},
    "no total": {"pageTotal": 3},
    "nothing": {},
    "nulls": {"total": None, "pageTotal": None},
    "negative": {"total": -1, "pageTotal": -3},
    "zeros": {"total": 0, "pageTotal": 0},
    "text": {"total": "3", "pageTotal": "3"},
    "floats": {"total": 3.0, "pageTotal": 3.0},
    "words": {"total": "many", "pageTotal": {}},
    "pageTotal too small": {"total": 3, "pageTotal": 1},
    "pageTotal too large": {"total": 3, "pageTotal": 10**9},
    "total too small": {"total": 1, "pageTotal": 3},
    "total too large": {"total": 10**9, "pageTotal": 3},
    "total too large alone": {"total": 10**9},
    "pageTotal is null": {"total": 3, "pageTotal": None},
    "total is true": {"total": True, "pageTotal": 3},
}
WAYS = ["all", "next", "async all", "async next"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("counts", COUNTS)
def test_each_model_comes_once_whatever_the_counts_are(counts: str, way: str) -> None:
    catalog = Catalog([["a"], ["b"], ["c"]], COUNTS[counts], page_of_number=lambda number: number)
    assert walked(catalog, way) == ["a", "b", "c"]
    assert len(catalog.asked) <= 3 + MOST_IDLE


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "counts",
    [
        {"total": 2, "pageTotal": 3},
        {"total": 3},
        {"pageTotal": 3},
        {"total": "2", "pageTotal": "3"},
        {"total": 2, "pageTotal": 10**9},
        {"total": 10**9},
    ],
    ids=str,
)
def test_an_empty_page_in_the_middle_ends_nothing(counts: dict[str, Any], way: str) -> None:
    assert walked(Catalog([["a"], [], ["c"]], counts, page_of_number=lambda number: number), way) == ["a", "c"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("page_of_number", [lambda number: 0, lambda number: min(number, 2)], ids=["the first", "the last"])
def test_a_service_that_gives_the_same_page_again_and_again_ends(page_of_number: Any, counts: str, way: str) -> None:
    catalog = Catalog([["a"], ["b"], ["c"]], COUNTS[counts], page_of_number=page_of_number)
    found = walked(catalog, way)
    assert found == (["a"] if page_of_number(2) == 0 else ["a", "b", "c"])
    assert len(catalog.asked) <= 3 + MOST_IDLE


def test_a_page_shows_what_is_on_it() -> None:
    catalog = Catalog([["acme/a", "acme/b\x1b[31m"]], {"total": 2, "pageTotal": 1}, page_of_number=lambda number: number)
    page = Aixplain(backend_url="http://127.0.0.1:1", transport=catalog).Model.search(page_size=2)
    assert str(page) == r"Page(2 of 2, page 1 of 1: acme/a, acme/b\x1b[31m)"
    assert repr(Page([])) == "Page(0 of 0, page 1 of 1)"
    assert repr(Page([f"m{number}" for number in range(102)])).endswith("m99, and 2 more)")
