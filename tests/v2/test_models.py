"""A model as a record: read from the catalog however odd it is, compared, copied, pickled and written."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aixplain import Aixplain, AsyncAixplain, InputError, ResourceError, ValidationError
from aixplain.v2._search import page_decoder
from aixplain.v2.enums import AssetStatus, Function
from aixplain.v2.exceptions import InvalidResponseError
from aixplain.v2.model import AsyncModel, Attribute, Model, Parameter, Pricing, VendorInfo, Version

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


@pytest.mark.parametrize("answer", [[], None, "x", 7, b"<html>", b"", b'{"id": "\xff"}'])
def test_what_is_no_model_is_an_error_that_says_so(canned: Any, service: Any, answer: Any) -> None:
    service.answer = answer
    with pytest.raises(InvalidResponseError, match="is no catalog"):
        canned.Model.get("x")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
odd_records = (
    st.dictionaries(st.sampled_from([*NULLABLE, "id", "name", "path", "newKey"]), json_values, max_size=8) | json_values
)


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


# --- Equal, copied, pickled -----------------------------------------------------------------------


@pytest.fixture(params=[Model, AsyncModel, Aixplain, AsyncAixplain])
def model(request: pytest.FixtureRequest, told: Told) -> Any:
    """A model of each colour, with a client and without."""
    kind = request.param
    is_client = kind in (Aixplain, AsyncAixplain)
    owner = kind(api_key="secret-key", backend_url="http://127.0.0.1:1").Model if is_client else kind
    return owner.from_dict(told(newKey=1))


def pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


COPIES = [copy.copy, copy.deepcopy, pickled, lambda model: model.clone()]
each_copy = pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle", "clone"])


@each_copy
def test_a_copy_of_a_model_is_equal_and_has_the_values_of_its_inputs(model: Any, copied: Callable[[Any], Any]) -> None:
    model.inputs.temperature = 0.3
    twin = copied(model)
    assert twin == model
    assert hash(twin) == hash(model)
    assert (twin.new_key, twin.to_dict()) == (1, model.to_dict())
    assert twin.inputs == model.inputs
    assert twin.inputs.copy() == {"text": None, "temperature": 0.3}


@each_copy
def test_a_copy_of_a_model_has_inputs_of_its_own(model: Any, copied: Callable[[Any], Any]) -> None:
    model.inputs.temperature = 0.3
    twin = copied(model)
    twin.inputs.temperature = 1
    assert (model.inputs.temperature, twin.inputs.temperature) == (0.3, 1)
    twin.inputs.clear()
    assert twin.inputs.temperature == 0.7


@each_copy
def test_a_copy_stays_with_its_client_and_a_pickle_leaves_it(model: Any, copied: Callable[[Any], Any]) -> None:
    twin = copied(model)
    assert isinstance(twin, Model | AsyncModel)
    assert twin.context is (None if copied is pickled else model.context)


def test_a_pickle_holds_no_key(model: Any) -> None:
    assert b"secret-key" not in pickle.dumps(model)


def test_a_pickled_model_is_given_to_a_client_again(canned: Any, model: Any) -> None:
    twin = canned.Model.from_dict(pickled(model).to_dict())
    assert twin.build_run_url().endswith(model.id)


def test_a_deep_copy_shares_nothing(model: Any) -> None:
    twin = copy.deepcopy(model)
    twin.params[0].name = twin.vendor.name = "changed"
    twin.params.clear()
    assert (model.params[0].name, model.vendor.name) == ("text", "OpenAI")


def test_models_are_equal_when_their_records_are(told: Told) -> None:
    one, other = Model.from_dict(told()), Model.from_dict(told())
    assert one.params  # read or not
    assert one == other
    assert {one: "found"}[other] == "found"
    assert one != Model.from_dict(told(name="GPT-5"))
    assert one != AsyncModel.from_dict(told())
    assert one != told()


def test_a_model_of_a_page_is_equal_to_the_model_that_is_got(canned: Any, service: Any, told: Told) -> None:
    service.answer = page_of(told(), told(id="b"))
    page = canned.Model.search()
    service.answer = told()
    got = canned.Model.get("x")
    assert bare(got) == bare(page[0])
    assert bare(got) in bare(page)


def test_a_model_is_made_by_hand() -> None:
    model = Model(id="x", name="X", params=[Parameter("text", True)], vendor=VendorInfo(1, "A", "a"))
    assert model.inputs.get_required_parameters() == ["text"]
    assert Model.from_dict(model.to_dict()) == model
    assert repr(model) == "Model(id='x', name='X')"
    assert (Model().params, Model().attributes, Model().inputs.copy()) == ([], [], {})


def test_a_model_goes_through_json(model: Any) -> None:
    twin = type(model).from_json(model.to_json())
    assert twin == model
    assert twin.new_key == 1


# --- Pages ----------------------------------------------------------------------------------------


def test_a_page_of_models_is_pickled_without_its_client(canned: Any, service: Any, told: Told) -> None:
    service.answer = page_of(told(id="a"), told(id="b"), total=40, pageTotal=2)
    page = canned.Model.search(page_size=20)
    twin = pickled(bare(page))
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


# --- Arguments ------------------------------------------------------------------------------------


def test_what_a_get_does_not_take_is_an_error_with_a_suggestion(canned: Any, service: Any) -> None:
    with pytest.raises(InputError, match=r"'hots' is nothing that a get takes \(did you mean 'host'\?\)"):
        canned.Model.get("x", hots="openai")
    assert service.asked == []
