"""Models compared, copied, cloned, pickled and made by hand."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from aixplain import Aixplain, AsyncAixplain
from aixplain.v2.exceptions import ConfigurationError
from aixplain.v2.model import AsyncModel, Model, Parameter, VendorInfo

Told = Callable[..., dict[str, Any]]


def page_of(*records: Any, **changed: Any) -> dict[str, Any]:
    """The answer of a search that found these."""
    return {"results": list(records), "total": len(records), "pageTotal": 1, "pageNumber": 0, **changed}


def bare(wrapped: Any) -> Any:
    """The object itself, in the colour that tests have wrapped."""
    return vars(wrapped).get("target", wrapped)


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


@pytest.mark.parametrize("copied", COPIES[:3], ids=["copy", "deepcopy", "pickle"])
def test_a_copy_of_a_client_has_connections_of_its_own(service: Any, told: Told, copied: Callable[[Any], Any]) -> None:
    service.answer = told()
    with Aixplain(api_key="key", backend_url=service.url) as aix:
        aix.Model.get("m")
        with copied(aix) as twin:
            assert twin.Model.get("m").id == told()["id"]
            assert twin.Model is not aix.Model
            assert twin.settings.client is twin
            assert twin._transport is not aix._transport
        assert aix.Model.get("m").id == told()["id"]


def test_a_client_with_a_transport_of_its_own_shares_it_with_copies_and_is_not_pickled() -> None:
    from aixplain.v2._http.blocking import SocketTransport

    transport = SocketTransport()
    aix = Aixplain(api_key="key", backend_url="http://127.0.0.1:1", transport=transport)
    assert copy.deepcopy(aix)._transport is transport
    with pytest.raises(ConfigurationError, match="can't be pickled"):
        pickle.dumps(aix)
