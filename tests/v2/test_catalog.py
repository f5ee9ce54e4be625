"""Finding models on a hub that really runs."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain import APIError, InputError
from aixplain.v2 import AssetStatus, Function, Language, SortBy, SortOrder, Supplier
from aixplain.v2.model import BaseResource, Model


def paths(page: Any) -> list[str]:
    return [model.path for model in page]


def test_a_search_by_words_ranks_the_model_that_is_about_them_first(aix: Any) -> None:
    assert paths(aix.Model.search("louder"))[0] == "acme/shout"
    assert paths(aix.Model.search("shouts"))[0] == "acme/shout"  # words are stemmed
    assert paths(aix.Model.search("sho"))[0] == "acme/shout"  # and may be begun


def test_a_search_with_no_match_is_an_empty_page(aix: Any) -> None:
    page = aix.Model.search("xylophone")
    assert (len(page), page.total, page.page_total) == (0, 0, 0)


def test_words_of_which_only_some_match_still_find_something(aix: Any) -> None:
    assert "acme/shout" in paths(aix.Model.search("louder xylophone"))


@pytest.mark.parametrize("text", ['"', "'", "a OR", "NEAR(", "*", "-", "%", "louder*", "col:umn", "\N{SNOWMAN}", " "])
def test_no_text_breaks_a_search(aix: Any, text: str) -> None:
    assert aix.Model.search(text).total >= 0


@pytest.mark.parametrize(
    "filters",
    [
        {"functions": [Function.TEXT_NORMALIZATION]},
        {"functions": "text-normalization"},
        {"functions": "TEXT_NORMALIZATION"},
        {"developer": "acme"},
        {"path": "acme/sh"},
        {"source_languages": Language.FRENCH},
        {"source_languages": ["fr"]},
    ],
)
def test_each_filter_in_each_spelling_keeps_the_model(aix: Any, filters: dict[str, Any]) -> None:
    assert "acme/shout" in paths(aix.Model.search(page_size=100, **filters))


@pytest.mark.parametrize(
    "filters",
    [
        {"functions": [Function.TRANSLATION]},
        {"vendors": Supplier.OPENAI},
        {"suppliers": ["openai"]},
        {"host": "elsewhere"},
        {"developer": "somebody"},
        {"path": "shout"},
        {"source_languages": Language.JAPANESE},
        {"target_languages": Language.FRENCH},
        {"status": [AssetStatus.DELETED]},
        {"is_finetunable": True},
        {"saved": True},
        {"ownership": "PRIVATE"},
    ],
)
def test_each_filter_leaves_out_what_does_not_match(aix: Any, filters: dict[str, Any]) -> None:
    assert "acme/shout" not in paths(aix.Model.search(page_size=100, **filters))


def test_a_wrong_filter_name_is_an_error_with_a_suggestion(aix: Any) -> None:
    with pytest.raises(InputError, match="did you mean 'functions'"):
        aix.Model.search(function="translation")


def test_pages_follow_each_other_without_overlap(aix: Any) -> None:
    page = aix.Model.search(page_size=4, sort_by=SortBy.NAME)
    seen, total, pages = paths(page), page.total, 1
    while (page := page.next()) is not None:
        seen += paths(page)
        pages += 1
    assert len(seen) == len(set(seen)) == total
    assert pages == -(-total // 4)


def test_a_search_sorts_both_ways(aix: Any) -> None:
    up = [model.name for model in aix.Model.search(page_size=100, sort_by=SortBy.NAME)]
    down = [model.name for model in aix.Model.search(page_size=100, sort_by="name", sort_order=SortOrder.DESC)]
    assert up == sorted(up, key=str.lower)
    assert [name.lower() for name in down] == sorted((name.lower() for name in up), reverse=True)


def test_a_page_is_read_as_a_list_and_as_a_dict(aix: Any) -> None:
    page = aix.Model.search(path="acme/shout")
    assert page[0].path == page["results"][0].path == "acme/shout"
    assert page["total"] == len(page) == 1


def test_a_model_is_got_by_id_and_by_path(aix: Any) -> None:
    by_path = aix.Model.get("acme/shout")
    assert aix.Model.get(by_path.id).path == "acme/shout"


def test_a_model_tells_what_it_is(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    assert model.function is Function.TEXT_NORMALIZATION
    assert model.status is AssetStatus.ONBOARDED
    assert model.version.name == "1.2"
    assert {each.name: each.value for each in model.attributes} == {"license": "MIT", "languages": "en, fr"}
    assert model.is_sync_only
    assert not model.is_async_capable
    assert model.supports_streaming is False
    assert model.description == "Says it louder."


def test_an_unknown_model_is_a_404_that_names_the_nearest(aix: Any) -> None:
    with pytest.raises(APIError, match="did you mean 'acme/shout'") as error:
        aix.Model.get("acme/shoot")
    assert error.value.status_code == 404


@pytest.mark.parametrize("id", ["", "  ", None, 7])
def test_a_get_without_an_id_sends_nothing(aix: Any, id: Any) -> None:
    with pytest.raises(InputError, match="by its id or its path"):
        aix.Model.get(id)


def test_a_model_without_a_client_says_where_to_get_one() -> None:
    with pytest.raises(Exception, match=r"Aixplain\(\)\.Model"):
        Model.get("acme/shout")


def test_a_models_class_is_the_reference_one(aix: Any) -> None:
    assert isinstance(getattr(aix.Model.get("acme/shout"), "target", None) or Model(), BaseResource)
