"""A model as a record: read from the catalog however odd it is, and written as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from aixplain import InputError, ValidationError
from aixplain.v2._search import page_decoder
from aixplain.v2.enums import AssetStatus, Function
from aixplain.v2.exceptions import InvalidResponseError
from aixplain.v2.model import AsyncModel, Attribute, Model, Pricing, VendorInfo, Version

Told = Callable[..., dict[str, Any]]


def page_of(*records: Any, **changed: Any) -> dict[str, Any]:
    """The answer of a search that found these."""
    return {"results": list(records), "total": len(records), "pageTotal": 1, "pageNumber": 0, **changed}


def bare(wrapped: Any) -> Any:
    """The object itself, in the colour that tests have wrapped."""
    return vars(wrapped).get("target", wrapped)


# --- An ordinary model ----------------------------------------------------------------------------


def test_a_model_is_read_into_fields(canned: Any, service: Any, told: Told) -> None:
    service.answer = told()
    model = canned.Model.get("openai/gpt-4o")
    assert (model.id, model.name, model.path) == ("669a63646eb56306647e1091", "GPT-4o", "openai/gpt-4o/openai")
    assert (model.status, model.function) == (AssetStatus.ONBOARDED, Function.TEXT_GENERATION)
    assert model.vendor == VendorInfo(1777, "OpenAI", "openai")
    assert (model.version, model.pricing) == (Version(None, "v1"), Pricing(0.1, "TOKEN", "K"))
    assert model.attributes == [Attribute("license", "license", "MIT")]
    assert [(each.name, each.required, each.default) for each in model.params] == [
        ("text", True, None),
        ("temperature", False, 0.7),
    ]
    assert (model.supports_streaming, model.supports_byoc, model.connection_type) == (
        True,
        False,
        ["synchronous", "asynchronous"],
    )
    assert service.asked[0].path == "/v2/models/openai%2Fgpt-4o"


@pytest.mark.parametrize(
    ("told_attributes", "read"),
    [
        ([{"name": "license", "code": "l", "value": "MIT"}], [Attribute("license", "l", "MIT")]),
        ({"license": "MIT", "size": 7}, [Attribute("license", "license", "MIT"), Attribute("size", "size", 7)]),
        ([{"name": "license"}], [Attribute("license")]),
        ([{"code": "nameless"}, None, {"name": "b", "value": [1]}], [Attribute("b", None, [1])]),
        (None, []),
        ("odd", []),
        ([], []),
        ({}, []),
    ],
)
def test_attributes_come_in_two_shapes_and_in_none(told: Told, told_attributes: Any, read: list[Attribute]) -> None:
    model = Model.from_dict(told(attributes=told_attributes))
    assert model.attributes == read
    assert Model.from_dict(model.to_dict()).attributes == read


@pytest.mark.parametrize(
    ("asset_info", "path"),
    [
        ({"assetPath": "a/b", "instanceId": "a/b/c"}, "a/b/c"),
        ({"assetPath": "a/b", "instanceId": None}, "a/b"),
        ({"assetPath": "a/b"}, "a/b"),
        ({}, None),
        (None, None),
    ],
)
def test_the_path_is_the_instance_else_the_asset(told: Told, asset_info: Any, path: str | None) -> None:
    assert Model.from_dict(told(assetInfo=asset_info)).path == path


@pytest.mark.parametrize(
    ("ways", "sync_only", "async_capable"),
    [
        (["synchronous"], True, False),
        (["asynchronous"], False, True),
        (["synchronous", "asynchronous"], False, True),
        ([], False, True),
        (None, False, True),
        (["SYNCHRONOUS"], True, False),
        (["carrier pigeon"], False, False),
    ],
)
def test_a_model_knows_the_ways_it_runs(told: Told, ways: Any, sync_only: bool, async_capable: bool) -> None:
    model = Model.from_dict(told(connectionType=ways))
    assert (model.is_sync_only, model.is_async_capable) == (sync_only, async_capable)


def test_a_run_url_is_where_runs_are_posted(canned: Any, service: Any, told: Told) -> None:
    assert canned.Model.from_dict(told()).build_run_url() == f"{service.url}/api/v2/execute/669a63646eb56306647e1091"
    assert canned.Model.from_dict(told(id="a/b")).build_run_url(timeout=3).endswith("/api/v2/execute/a%2Fb")
    with pytest.raises(ValidationError, match="Model has not been saved yet"):
        canned.Model(name="new").build_run_url()


def test_a_model_that_is_marked_as_deleted_is(canned: Any, told: Told) -> None:
    model = canned.Model.from_dict(told())
    model.mark_as_deleted()
    assert model.status is AssetStatus.DELETED
    for use in (model.build_run_url, model.as_tool, lambda: model.run(text="x"), lambda: model.run_stream(text="x")):
        with pytest.raises(ValidationError, match="Model has been deleted"):
            use()


# --- Unknown, odd ---------------------------------------------------------------------------------


def test_unknown_words_survive_as_they_came(told: Told) -> None:
    odd = {
        "status": "sleeping",
        "function": {"id": "mind-reading", "name": "Mind Reading", "since": 2031},
        "vendor": {"id": "v-1", "name": "Nobody", "code": "nobody", "country": "X"},
        "functionType": "psychic",
        "connectionType": ["carrier pigeon"],
    }
    model = Model.from_dict(told(**odd))
    assert (model.status, model.function, model.function_type) == ("sleeping", "mind-reading", "psychic")
    written = model.to_dict()
    assert {key: written[key] for key in odd} == odd
    assert Model.from_dict(written) == model


def test_further_keys_are_kept_wherever_they_stand(told: Told) -> None:
    record = told(languages=["en"], newKey={"a": 1})
    record["vendor"]["country"] = "US"
    record["params"][0]["isDynamic"] = True
    record["pricing"]["currency"] = "USD"
    model: Any = Model.from_dict(record)
    assert (model.languages, model.new_key, model._raw_data) == (["en"], {"a": 1}, record)
    assert model.params[0].is_dynamic
    written = model.to_dict()
    assert (written["languages"], written["vendor"]["country"], written["pricing"]["currency"]) == (["en"], "US", "USD")
    assert written["params"][0]["isDynamic"]


def test_of_an_odd_list_what_can_be_read_is_read_and_all_is_written(told: Told) -> None:
    params = [{"name": "a", "isDynamic": True}, 7, {"name": 7}, {"name": "b"}]
    model: Any = Model.from_dict(told(params=params))
    assert [each.name for each in model.params] == ["a", "b"]
    assert model.to_dict()["params"] == params
    model.params = model.params[:1]
    assert [each["name"] for each in model.to_dict()["params"]] == ["a"]


NULLABLE = (
    *("description", "status", "serviceName", "host", "developer", "vendor", "function", "functionType", "type", "pricing"),
    *("version", "createdAt", "updatedAt", "supportsStreaming", "supportsBYOC", "connectionType", "assetInfo"),
    *("attributes", "params"),
)


@pytest.mark.parametrize("kind", [Model, AsyncModel])
@pytest.mark.parametrize("key", NULLABLE)
def test_null_and_missing_are_ordinary_and_read_in_one_go(told: Told, kind: Any, key: str) -> None:
    record = told()
    without = {name: value for name, value in record.items() if name != key}
    decode = page_decoder(kind).decode
    for each in (record, without, {**record, key: None}):
        # Straight into records: this decoder raises for whatever takes the slow way.
        (model,) = decode(msgspec.json.encode(page_of(each))).results
        assert (model.id, model.name) == (record["id"], record["name"])


ODD_VALUES: list[Any] = [7, "odd", True, ["odd"], {"odd": 1}, [None], 0.5]


@pytest.mark.parametrize("key", [*NULLABLE, "newKey"])
def test_one_odd_value_costs_nothing_but_itself(canned: Any, service: Any, told: Told, key: str) -> None:
    odd = [told(**{"id": f"odd-{number}", key: value}) for number, value in enumerate(ODD_VALUES)]
    service.answer = page_of(told(id="a"), *odd, told(id="b"))
    page = canned.Model.search()
    assert ([model.id for model in page], page.skipped) == (["a", *(record["id"] for record in odd), "b"], 0)
    for model, record in zip(page[1:-1], odd, strict=True):
        assert (model.name, model._raw_data) == ("GPT-4o", record)
        assert [each.name for each in model.params] == (["text", "temperature"] if key != "params" else [])
        assert Model.from_dict(model.to_dict()).to_dict() == model.to_dict()
    service.answer = odd[0]
    assert bare(canned.Model.get("x")) == bare(page[1])


@pytest.mark.parametrize("answer", [[], None, "x", 7, b"<html>", b"", b'{"id": "\xff'])
def test_what_is_no_model_is_an_error_that_says_so(canned: Any, service: Any, answer: Any) -> None:
    service.answer = answer
    with pytest.raises(InvalidResponseError, match="is no catalog"):
        canned.Model.get("x")


def test_what_a_get_does_not_take_is_an_error_with_a_suggestion(canned: Any, service: Any) -> None:
    with pytest.raises(InputError, match=r"'hots' is nothing that a get takes \(did you mean 'host'\?\)"):
        canned.Model.get("x", hots="openai")
    assert service.asked == []
