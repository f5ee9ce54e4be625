"""Pages of a search: sequences that go on, with whatever odd records a service puts in them."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aixplain import Aixplain, ResourceError
from aixplain.v2.exceptions import InvalidResponseError
from aixplain.v2.model import Model

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
        ({"total": "12", "pageTotal": "3", "pageNumber": "1"}, (12, 3, 1)),
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
    page = aix.Model._page_parts(msgspec.json.encode(page_of(*records)))
    assert len(page) + page.skipped == len(records)
    assert [model.to_dict() for model in page if str(model.id).startswith("good-")] == [
        Model.from_dict(record).to_dict() for record in records if record in good
    ]
    for model in page:
        assert model._raw_data in records
        assert Model.from_dict(model.to_dict()) == model
        assert pickle.loads(pickle.dumps(model)) == model
