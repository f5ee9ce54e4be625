"""The filters of a search: in every form that people write them, one form on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain import InputError
from aixplain.v2 import AssetStatus, Function, Language, SortBy, SortOrder, Supplier
from aixplain.v2.enums import OwnershipType

EMPTY_PAGE = {"results": [], "total": 0, "pageTotal": 0, "pageNumber": 0}
TWO = ["translation", "text-generation"]


@pytest.mark.parametrize(
    ("filters", "sent"),
    [
        ({}, {}),
        ({"query": "words"}, {"q": "words"}),
        ({"q": "words"}, {"q": "words"}),
        ({"page_number": 2, "page_size": 5}, {"pageNumber": 2, "pageSize": 5}),
        ({"host": "openai", "developer": "OpenAI"}, {"hosts": ["openai"], "developers": ["OpenAI"]}),
        ({"path": "openai/gpt"}, {"path": "openai/gpt"}),
        ({"saved": True, "is_finetunable": False}, {"saved": True, "isFineTunable": False}),
        ({"functions": Function.TRANSLATION}, {"functions": ["translation"]}),
        ({"functions": "translation"}, {"functions": ["translation"]}),
        ({"functions": "TRANSLATION"}, {"functions": ["translation"]}),
        ({"functions": [Function.TRANSLATION, "TEXT_GENERATION"]}, {"functions": TWO}),
        ({"functions": (Function.TRANSLATION, "text-generation")}, {"functions": TWO}),
        ({"functions": dict.fromkeys(TWO).keys()}, {"functions": TWO}),
        ({"functions": {Function.TRANSLATION}}, {"functions": ["translation"]}),
        ({"functions": frozenset({"translation"})}, {"functions": ["translation"]}),
        ({"functions": []}, {"functions": []}),
        ({"functions": "mind-reading"}, {"functions": ["mind-reading"]}),
        ({"vendors": Supplier.OPENAI}, {"suppliers": ["openai"]}),
        ({"vendors": ["OPENAI", "Microsoft", 1763]}, {"suppliers": ["openai", "azure", "aws"]}),
        ({"suppliers": {"openai"}}, {"suppliers": ["openai"]}),
        ({"suppliers": ["Nobody", 99999]}, {"suppliers": ["Nobody", 99999]}),
        ({"source_languages": Language.SPANISH_MEXICO}, {"sourceLanguages": ["es"]}),
        ({"target_languages": ["fr", "SPANISH", "xx"]}, {"targetLanguages": ["fr", "es", "xx"]}),
        ({"status": AssetStatus.ONBOARDED}, {"status": ["onboarded"]}),
        ({"status": ["ONBOARDED", "sleeping"]}, {"status": ["onboarded", "sleeping"]}),
        ({"ownership": OwnershipType.TEAM}, {"ownership": "TEAM"}),
        ({"ownership": ["private", "TEAM"]}, {"ownership": ["PRIVATE", "TEAM"]}),
        ({"sort_by": SortBy.CREATED_AT}, {"sort": [{"field": "createdAt", "dir": 1}]}),
        ({"sort_by": "created_at", "sort_order": SortOrder.DESC}, {"sort": [{"field": "createdAt", "dir": -1}]}),
        ({"sort_by": "name", "sort_order": -1}, {"sort": [{"field": "name", "dir": -1}]}),
        ({"sort_by": "popularity", "sort_order": "asc"}, {"sort": [{"field": "totalSubscribed", "dir": 1}]}),
        ({"sort_by": "newField"}, {"sort": [{"field": "newField", "dir": 1}]}),
        ({"functions": None, "host": None, "saved": None}, {}),
    ],
    ids=repr,
)
def test_a_filter_has_one_form_on_the_wire(canned: Any, service: Any, filters: dict[str, Any], sent: dict[str, Any]) -> None:
    service.answer = EMPTY_PAGE
    canned.Model.search(**filters)
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/v2/models/paginate")
    assert asked.body == {"pageNumber": 0, "pageSize": 20, "sort": [{}], **sent}


def test_the_words_of_a_query_come_by_position_too(canned: Any, service: Any) -> None:
    service.answer = EMPTY_PAGE
    canned.Model.search("words")
    assert service.asked[0].body["q"] == "words"


def test_a_resource_path_is_where_the_search_is_sent(canned: Any, service: Any) -> None:
    service.answer = EMPTY_PAGE
    canned.Model.search(resource_path="v9/models", api_key="other")
    assert service.asked[0].path == "/v9/models/paginate"
    assert not {"api_key", "resource_path", "apiKey"} & service.asked[0].body.keys()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("function", "did you mean 'functions'"),
        ("vendor", "did you mean 'vendors'"),
        ("hosts", "did you mean 'host'"),
        ("page", "did you mean 'page_size'|did you mean 'page_number'|did you mean 'path'"),
        ("sort", "did you mean 'sort_by'|did you mean 'sort_order'"),
    ],
)
def test_a_wrong_name_is_an_error_with_a_suggestion(canned: Any, service: Any, name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is no filter of a search.*({hint})") as error:
        canned.Model.search(**{name: "x"})
    assert isinstance(error.value, InputError)
    assert service.asked == []


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"page_number": -1}, "page_number is a whole number of 0 or more, not -1"),
        ({"page_size": 0}, "page_size is a whole number of 1 or more, not 0"),
        ({"page_size": "20"}, "page_size is a whole number of 1 or more, not '20'"),
        ({"page_size": True}, "page_size is a whole number of 1 or more, not True"),
        ({"sort_by": "name", "sort_order": "up"}, "sort_order is ASC or DESC, not 'up'"),
    ],
)
def test_a_value_that_can_not_be_is_an_error(canned: Any, service: Any, filters: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        canned.Model.search(**filters)
    assert service.asked == []
