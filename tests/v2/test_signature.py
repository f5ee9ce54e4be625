"""A model's own parameters show where people look for them: in a signature, in help, on the tab key."""

from __future__ import annotations

import inspect
import pickle
import pydoc
from collections.abc import Callable
from typing import Any, Literal

import pytest

from aixplain.v2.model import AsyncModel, Model, Parameter

PARAMETERS = [
    Parameter("size", data_type="text", data_sub_type="number", default_values=[3]),
    Parameter("text", True, data_type="text", description="What to say"),
    Parameter("mood", data_type="label", available_options=[{"value": "glad"}, "angry"]),
    Parameter("words", data_type="text", multiple_values=True),
    Parameter("verbose", data_type="boolean", default_values=[False]),
    Parameter("timeout", data_type="number"),
    Parameter("self", data_type="text"),
    Parameter("class", data_type="text"),
    Parameter("top-p", data_type="number"),
]
OWN = ["text", "size", "mood", "words", "verbose"]
METHODS = ["run", "run_async", "run_stream", "check"]
COLOURS = [Model, AsyncModel]


@pytest.fixture(params=COLOURS)
def model(request: pytest.FixtureRequest) -> Any:
    return request.param(id="x", name="Shout", params=PARAMETERS)


@pytest.mark.parametrize("name", METHODS)
def test_the_signature_of_a_method_has_the_model_s_parameters_first(model: Any, name: str) -> None:
    signature = inspect.signature(getattr(model, name))
    names = list(signature.parameters)
    assert names[: len(OWN)] == OWN
    assert names[-1] == "inputs"
    controls = list(inspect.signature(getattr(type(model), name)).parameters)[1:]
    assert names[len(OWN) :] == controls
    assert all(each.kind is each.KEYWORD_ONLY for each in list(signature.parameters.values())[:-1])


def test_parameters_have_types_and_defaults(model: Any) -> None:
    known = inspect.signature(model.run).parameters
    assert {name: known[name].annotation for name in OWN} == {
        "text": str,
        "size": float,
        "mood": Literal["glad", "angry"],
        "words": list[str],
        "verbose": bool,
    }
    assert {name: known[name].default for name in OWN} == {
        "text": inspect.Parameter.empty,
        "size": 3,
        "mood": None,
        "words": None,
        "verbose": False,
    }


def test_a_value_that_is_held_is_the_default_that_is_shown(model: Any) -> None:
    model.inputs.update(text="hi", size=5)
    known = inspect.signature(model.run).parameters
    assert (known["text"].default, known["size"].default) == ("hi", 5)


def test_what_steers_a_run_keeps_its_meaning_beside_a_parameter_of_that_name(model: Any) -> None:
    timeout = inspect.signature(model.run).parameters["timeout"]
    assert timeout == inspect.signature(type(model).run).parameters["timeout"]


def test_each_model_shows_its_own(model: Any) -> None:
    other = type(model)(id="y", params=[Parameter("query", True)])
    assert "query" in inspect.signature(other.run).parameters
    assert "query" not in inspect.signature(model.run).parameters
    assert "text" not in inspect.signature(type(model).run).parameters


def test_arguments_bind_to_the_signature(model: Any) -> None:
    bound = inspect.signature(model.run).bind(text="hi", timeout=3, top_k=1)
    assert bound.arguments == {"text": "hi", "timeout": 3, "inputs": {"top_k": 1}}
    with pytest.raises(TypeError, match="'text'"):
        inspect.signature(model.run).bind()


def test_help_lists_the_inputs(model: Any) -> None:
    shown = pydoc.plain(pydoc.render_doc(model.run))
    assert "*, text: str, size: float = 3, mood: Literal['glad', 'angry'] = None" in " ".join(shown.split())
    assert "Run the model with these inputs" in shown
    assert "Inputs of Shout:" in shown
    assert "    text: text, required. What to say" in shown
    assert "    size: number" in shown


def test_a_model_without_parameters_shows_the_method_alone(model: Any) -> None:
    bare = type(model)(id="x")
    assert inspect.getdoc(bare.run) == inspect.getdoc(type(bare).run)
    assert str(inspect.signature(bare.run)) == str(inspect.signature(type(bare).run)).replace("(self, /, *", "(*")


@pytest.mark.parametrize("name", METHODS)
def test_the_methods_are_methods_still(model: Any, name: str) -> None:
    method, function = getattr(model, name), getattr(type(model), name)
    assert inspect.ismethod(method)
    assert inspect.isfunction(function)
    assert method.__self__ is model
    assert (method.__name__, method.__qualname__, method.__module__) == (name, function.__qualname__, function.__module__)
    assert inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(function)


def test_asking_for_a_method_leaves_nothing_on_the_model(model: Any) -> None:
    before = set(vars(model))
    assert callable(model.run)
    assert set(vars(model)) == before
    assert pickle.loads(pickle.dumps(model)) == model


@pytest.mark.parametrize("kind", COLOURS)
def test_a_subclass_may_call_the_method_of_its_base(kind: Any) -> None:
    class Polite(kind):  # type: ignore[misc]
        def check(self, /, **inputs: Any) -> list[str]:
            found: list[str] = super().check(**inputs)
            return [f"Please: {each}" for each in found]

    assert Polite(id="x", params=[Parameter("text", True)]).check() == ["Please: Required parameter 'text' is missing"]


@pytest.mark.parametrize("call", [lambda model: model.check(text="hi"), lambda model: type(model).check(model, text="hi")])
def test_a_method_is_called_by_way_of_the_model_and_of_its_class(model: Any, call: Callable[[Any], Any]) -> None:
    assert call(model) == []
