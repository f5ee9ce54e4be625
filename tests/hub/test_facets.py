"""What a search could be narrowed to, with the number of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.hub.conftest import Caller

from aixplain.hub import Hub


@pytest.fixture(scope="module")
def caller(serve: Callable[[Hub], Caller]) -> Caller:
    hub = Hub(builtin=False)
    for path, function, languages in (
        ("acme/red", "translation", ["en", "fr"]),
        ("acme/blue", "translation", ["en"]),
        ("acme/red-green", "utilities", []),
    ):
        hub.model(path, function=function, languages=languages, target_languages=languages[:1])(lambda text: text)
    return serve(hub)


def facets(caller: Caller, **wanted: Any) -> dict[str, dict[str, int]]:
    answer = caller.post("/v2/models/facets", wanted)
    assert answer.status == 200, answer.body
    return {name: {each["value"]: each["count"] for each in values} for name, values in answer.json.items()}


def test_all_models_are_counted_the_most_frequent_first(caller: Caller) -> None:
    found = facets(caller)
    assert list(found["functions"].items()) == [("translation", 2), ("utilities", 1)]
    assert found["suppliers"] == {"aixplain": 3}
    assert found["sourceLanguages"] == {"en": 2, "fr": 1}
    assert found["targetLanguages"] == {"en": 2}


def test_what_a_search_finds_is_counted(caller: Caller) -> None:
    assert facets(caller, q="red")["functions"] == {"translation": 1, "utilities": 1}
    assert facets(caller, q="red translation")["functions"] == {"translation": 1}


def test_where_nothing_has_all_words_any_will_do(caller: Caller) -> None:
    assert facets(caller, q="blue green")["functions"] == {"translation": 1, "utilities": 1}


def test_a_filter_leaves_its_own_facet_alone_and_narrows_the_others(caller: Caller) -> None:
    found = facets(caller, functions=["utilities"])
    assert found["functions"] == {"translation": 2, "utilities": 1}
    assert found["sourceLanguages"] == {}


def test_suppliers_have_names(caller: Caller) -> None:
    assert caller.post("/v2/models/facets", {}).json["suppliers"] == [{"value": "aixplain", "name": "aiXplain", "count": 3}]


def test_a_filter_that_can_not_be_is_refused(caller: Caller) -> None:
    assert caller.post("/v2/models/facets", {"suppliers": ["x"] * 2000}).status == 400
