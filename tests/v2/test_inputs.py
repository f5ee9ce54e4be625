"""A model's inputs: set and read by name, whatever the name is, and shown to who looks."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from aixplain import Aixplain, AsyncAixplain, InputError
from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS
from aixplain.v2.model import InputsProxy, Model, Parameter

TEXT = {"name": "text", "required": True, "dataType": "text"}
TEMPERATURE = {"name": "temperature", "dataType": "text", "dataSubType": "number", "defaultValues": [{"value": 0.7}]}
NAMES = ["text", "temperature", "language", "words", "history", "verbose", "source", "image"]
SUCCESS = {"status": "SUCCESS", "completed": True, "data": "done"}

#: Names that Python, the proxy or a run use for something else.
AWKWARD = (
    *("items", "keys", "values", "get", "update", "copy", "clear", "self", "timeout", "stream", "wait_time", "api_key"),
    *("data", "options", "model", "class", "top-p", "_values", "_form", "__len__", "json_schema", "inputs", "", "ä b"),
)

CONTROLS = sorted(CLIENT_CONTROLS | RUN_HEADERS.keys())

ModelWith = Callable[..., Any]


def sent(service: Any) -> Any:
    """The body of the only run."""
    (asked,) = service.asked
    return asked.body


# --- Values ---------------------------------------------------------------------------------------


def test_values_are_read_and_written_by_item_and_by_attribute(model: Any) -> None:
    inputs = model.inputs
    assert inputs.temperature == inputs["temperature"] == 0.7
    inputs.temperature = 0.5
    inputs["text"] = "hi"
    assert (inputs["temperature"], inputs.text) == (0.5, "hi")


def test_inputs_are_a_mapping_of_all_parameters(model: Any) -> None:
    inputs = model.inputs
    assert list(inputs) == list(inputs.keys()) == inputs.get_parameter_names() == NAMES
    assert len(inputs) == len(NAMES)
    assert "text" in inputs
    assert "txt" not in inputs
    assert inputs.has_parameter("text")
    assert not inputs.has_parameter("txt")
    assert list(inputs.values()) == [None, 0.7, None, None, None, False, "en", None]
    assert dict(inputs.items()) == dict(inputs) == {**inputs} == inputs.copy() == inputs.get_all_parameters()


def test_a_copy_of_the_values_is_apart_from_them(model: Any) -> None:
    values = model.inputs.copy()
    values["temperature"] = 9
    assert model.inputs.temperature == 0.7


def test_get_gives_the_default_for_what_is_unset_or_unknown(model: Any) -> None:
    assert model.inputs.get("temperature", 1) == 0.7
    assert model.inputs.get("verbose", True) is False
    assert model.inputs.get("text", "none") == model.inputs.get("unknown", "none") == "none"
    assert model.inputs.get("text") is None


def test_required_parameters_are_named(model: Any) -> None:
    assert model.inputs.get_required_parameters() == ["text"]


def test_what_is_known_of_a_parameter_is_a_dict(model: Any) -> None:
    model.inputs.temperature = 0.2
    info = model.inputs.get_parameter_info("temperature")
    assert (info["value"], info["default"], info["required"], info["data_type"], info["data_sub_type"]) == (
        0.2,
        0.7,
        False,
        "text",
        "number",
    )
    assert model.inputs.get_parameter_info("language")["options"] == ["en", "es"]
    assert model.inputs.get_parameter_info("unknown") is None


def test_values_are_reset_one_by_one_and_all_together(model: Any) -> None:
    defaults = model.inputs.copy()
    model.inputs.update(temperature=0.1, text="x", verbose=True)
    model.inputs.reset_parameter("temperature")
    assert (model.inputs.temperature, model.inputs.text) == (0.7, "x")
    model.inputs.reset_all_parameters()
    assert model.inputs.copy() == defaults
    model.inputs.text = "x"
    model.inputs.clear()
    assert model.inputs.copy() == defaults


def test_a_default_that_was_changed_in_place_comes_back(model_with: ModelWith) -> None:
    model = model_with({"name": "words", "dataType": "text", "multipleValues": True, "defaultValues": [{"value": ["a"]}]})
    model.inputs.words.append("b")
    assert model.inputs.words == ["a", "b"]
    model.inputs.clear()
    assert model.inputs.words == ["a"]


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ([{"value": 0}], 0),
        ([0.5], 0.5),
        ([""], ""),
        ([{"value": None}], None),
        ([], None),
        ([False, True], False),
        ([{"value": "a"}, {"value": "b"}], "a"),
    ],
)
def test_defaults_come_wrapped_and_bare(model_with: ModelWith, told: list[Any], value: Any) -> None:
    assert model_with({"name": "x", "defaultValues": told}).inputs.x == value


def test_several_defaults_of_several_values_are_a_list(model_with: ModelWith) -> None:
    model = model_with({"name": "words", "dataType": "text", "multipleValues": True, "defaultValues": [{"value": "a"}, "b"]})
    assert model.inputs.words == ["a", "b"]


def test_inputs_show_their_values(model_with: ModelWith) -> None:
    assert repr(model_with(TEXT, TEMPERATURE).inputs) == "InputsProxy({'text': None, 'temperature': 0.7})"


def test_inputs_are_equal_when_their_values_are(model: Any) -> None:
    other = model.clone()
    assert model.inputs == other.inputs == model.inputs.copy()
    other.inputs.text = "x"
    assert model.inputs != other.inputs
    assert model.inputs != 7


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda inputs: pickle.loads(pickle.dumps(inputs))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_of_the_inputs_is_apart_and_checks_as_they_do(model: Any, copied: Callable[[Any], Any]) -> None:
    model.inputs.words = ["a"]
    twin = copied(model.inputs)
    assert isinstance(twin, InputsProxy)
    assert twin == model.inputs
    twin.temperature = 0.1
    assert model.inputs.temperature == 0.7
    with pytest.raises(InputError):
        twin.temperature = []


def test_inputs_are_made_from_a_model_as_in_the_reference() -> None:
    model = Model(id="x", params=[Parameter("text", True)])
    assert InputsProxy(model) == model.inputs


# --- Set together ---------------------------------------------------------------------------------


def test_inputs_are_updated_by_name_by_mapping_and_as_a_whole(model: Any, model_with: ModelWith) -> None:
    model.inputs.update(text="a", temperature=1)
    model.inputs.update({"text": "b"}, verbose=True)
    assert (model.inputs.text, model.inputs.temperature, model.inputs.verbose) == ("b", 1, True)
    model.inputs = {"text": "c", "temperature": None}
    assert (model.inputs.text, model.inputs.temperature, model.inputs.verbose) == ("c", None, True)
    other = model_with("text", "temperature", "verbose")
    other.inputs = Model(params=[Parameter("text", default_values=["d"])]).inputs
    assert other.inputs.text == "d"


@pytest.mark.parametrize(
    ("values", "error"),
    [({"text": "new", "temperature": "hot"}, ValueError), ({"text": "new", "unknown": 1}, KeyError)],
)
def test_when_one_value_is_wrong_none_is_set(model: Any, values: dict[str, Any], error: type[Exception]) -> None:
    before = model.inputs.copy()
    with pytest.raises(error):
        model.inputs.update(values)
    with pytest.raises(error):
        model.inputs = values
    assert model.inputs.copy() == before


# --- Awkward names --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", AWKWARD)
def test_a_parameter_of_any_name_is_reached_by_item_and_in_update(model_with: ModelWith, name: str) -> None:
    if name in CONTROLS:
        pytest.skip("it steers the client")
    model = model_with(name, "other")
    assert model.inputs[name] is None
    model.inputs[name] = "one"
    assert model.inputs[name] == "one"
    model.inputs.update({name: "two"})
    assert model.inputs[name] == model.inputs.get(name) == model.inputs.copy()[name] == "two"
    model.inputs.update(**{name: "three"})
    assert (model.inputs[name], model.inputs["other"]) == ("three", None)
    setattr(model.inputs, name, "four")
    assert model.inputs[name] == "four"
    assert name in model.inputs
    assert model.clone().inputs[name] == "four"


@pytest.mark.parametrize("name", CONTROLS)
def test_a_parameter_that_is_named_like_an_argument_of_run_is_refused_where_it_is_set(
    model_with: ModelWith, service: Any, name: str
) -> None:
    """No run sends it, so nothing keeps it either."""
    service.answer = SUCCESS
    model = model_with(name, "other")
    ways: list[Callable[[], Any]] = [
        lambda: setattr(model.inputs, name, "x"),
        lambda: model.inputs.__setitem__(name, "x"),
        lambda: model.inputs.update({name: "x"}),
        lambda: setattr(model, "inputs", {name: "x"}),
    ]
    for way in ways:
        with pytest.raises(InputError, match=f"Parameter '{name}' can't be set: {name} is an argument of run"):
            way()
    assert model.inputs[name] is None
    model.inputs[name] = None
    model.run(other="x")
    assert sent(service) == {"other": "x"}


@pytest.mark.parametrize("name", ["items", "keys", "get", "update", "copy", "self", "class", "top-p", "model", "inputs", "cls"])
def test_a_parameter_of_an_awkward_name_is_sent(model_with: ModelWith, service: Any, name: str) -> None:
    service.answer = SUCCESS
    model_with(name).run(**{name: "x"})
    assert sent(service) == {name: "x"}


# --- Unknown names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("touch", "error"),
    [
        (lambda inputs: inputs.temprature, AttributeError),
        (lambda inputs: setattr(inputs, "temprature", 1), AttributeError),
        (lambda inputs: inputs["temprature"], KeyError),
        (lambda inputs: inputs.__setitem__("temprature", 1), KeyError),
        (lambda inputs: inputs.update(temprature=1), KeyError),
        (lambda inputs: inputs.update({"temprature": 1}), KeyError),
        (lambda inputs: inputs.reset_parameter("temprature"), KeyError),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(model: Any, touch: Callable[[Any], Any], error: Any) -> None:
    with pytest.raises(error, match=r"Parameter 'temprature' not found \(did you mean 'temperature'\?\)"):
        touch(model.inputs)


def test_an_unknown_name_in_a_run_warns_and_is_sent(model: Any, service: Any) -> None:
    service.answer = SUCCESS
    with pytest.warns(UserWarning, match=r"'temprature' not found \(did you mean 'temperature'\?\); it is sent as it is"):
        model.run(text="hi", temprature=1)
    assert sent(service)["temprature"] == 1


@pytest.mark.parametrize(
    "run",
    [
        lambda model: model.run(text="x", txt="y"),
        lambda model: model.run_async(text="x", txt="y"),
        lambda model: model.run_stream(text="x", txt="y").close(),
        lambda model: model.run(text="x", txt="y", stream=True).close(),
    ],
    ids=["run", "run_async", "run_stream", "run(stream=True)"],
)
def test_a_warning_points_to_the_line_that_runs_the_model(service: Any, told: Any, run: Callable[[Any], Any]) -> None:
    service.answer = SUCCESS
    with Aixplain(api_key="key", backend_url=service.url) as aix:
        with pytest.warns(UserWarning, match="'txt' not found") as caught:
            run(aix.Model.from_dict(told(params=[TEXT])))
    assert (caught[0].filename, caught[0].lineno) == (__file__, run.__code__.co_firstlineno)


async def run(model: Any) -> None:
    await model.run(text="x", txt="y")


async def run_async(model: Any) -> None:
    await model.run_async(text="x", txt="y")


async def run_stream(model: Any) -> None:
    await model.run_stream(text="x", txt="y").close()


async def run_as_stream(model: Any) -> None:
    stream = await model.run(text="x", txt="y", stream=True)
    await stream.close()


@pytest.mark.parametrize("awaited", [run, run_async, run_stream, run_as_stream])
def test_a_warning_points_to_the_line_that_awaits_the_model(service: Any, told: Any, awaited: Any) -> None:
    service.answer = SUCCESS

    async def main() -> None:
        async with AsyncAixplain(api_key="key", backend_url=service.url) as aix:
            await awaited(aix.Model.from_dict(told(params=[TEXT])))

    with pytest.warns(UserWarning, match="'txt' not found") as caught:
        asyncio.run(main())
    assert (caught[0].filename, caught[0].lineno) == (__file__, awaited.__code__.co_firstlineno + 1)


def test_a_strict_client_refuses_an_unknown_name(connect: Any, service: Any, told: Any) -> None:
    model = connect(api_key="key", backend_url=service.url, strict=True).Model.from_dict(told(params=[TEXT, TEMPERATURE]))
    for run in (model.run, model.run_async, model.run_stream):
        with pytest.raises(InputError, match=r"Parameter validation failed: Parameter 'temprature' not found"):
            run(text="x", temprature=1)
    assert service.asked == []


def test_a_service_that_tells_no_parameters_leaves_nothing_to_check(model_with: ModelWith, service: Any) -> None:
    service.answer = SUCCESS
    model_with().run(anything=[1], text=7)
    assert sent(service) == {"anything": [1], "text": 7}


@pytest.mark.parametrize("name", ["data", "options", "identifier", "session_id", "agent_name", "resource_path"])
def test_what_every_run_takes_is_no_unknown_name(model_with: ModelWith, service: Any, name: str) -> None:
    service.answer = SUCCESS
    model_with(TEXT).run(text="x", **{name: {} if name == "options" else "y"})


# --- For people who look --------------------------------------------------------------------------


def test_completion_shows_the_parameters(model: Any) -> None:
    assert {"text", "temperature", "update", "json_schema"} <= set(dir(model.inputs))
    assert model.inputs._ipython_key_completions_() == NAMES


def test_what_a_notebook_asks_is_no_parameter(model: Any) -> None:
    assert not hasattr(model.inputs, "__array__")
    assert not hasattr(model.inputs, "_repr_latex_")


def test_the_parameters_are_a_json_schema(model: Any) -> None:
    assert model.inputs.json_schema() == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "temperature": {"type": "number", "default": 0.7},
            "language": {"type": "string", "enum": ["en", "es"]},
            "words": {"type": "array", "items": {"type": "string"}},
            "history": {"type": ["object", "array", "string"]},
            "verbose": {"type": "boolean", "default": False},
            "source": {"type": "string", "const": "en"},
            "image": {"type": "string", "format": "uri", "description": "The address of a file: image"},
        },
        "required": ["text"],
        "additionalProperties": False,
    }


def test_a_hub_s_model_has_a_schema_with_ranges_and_descriptions(aix: Any) -> None:
    properties = aix.Model.get("acme/shout").inputs.json_schema()["properties"]
    assert properties["times"] == {
        "type": "number",
        "minimum": 1,
        "maximum": 5,
        "description": "How many exclamation marks",
        "default": 1,
    }
    assert properties["mood"] == {"type": "string", "enum": ["glad", "angry"], "default": "glad"}
