"""What a run may be given, checked where it is set, where it is asked, and before anything is sent."""

from __future__ import annotations

import io
import warnings
from collections import UserDict
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from aixplain import InputError, ValidationError
from aixplain.v2.enums import Function, Language, Supplier
from aixplain.v2.model import Model, Parameter

TEXT = {"name": "text", "required": True, "dataType": "text"}
TEMPERATURE = {"name": "temperature", "dataType": "text", "dataSubType": "number", "defaultValues": [{"value": 0.7}]}
SUCCESS = {"status": "SUCCESS", "completed": True, "data": "done"}

ModelWith = Callable[..., Any]


def sent(service: Any) -> Any:
    """The body of the only run."""
    (asked,) = service.asked
    return asked.body


# --- Types ----------------------------------------------------------------------------------------

WRONG = [
    ("text", 7, "Expected text, got int"),
    ("text", True, "Expected text, got bool"),
    ("text", ["a"], "Expected text, got list"),
    ("temperature", [], "Expected text, got list"),
    ("temperature", True, "Expected text, got bool"),
    ("temperature", float("nan"), "Expected text, got float"),
    ("temperature", float("inf"), "Expected text, got float"),
    ("temperature", "hot", "Expected text, got str"),
    ("temperature", {}, "Expected text, got dict"),
    ("words", ["a", 1], "Expected text, got list"),
    ("words", {"a"}, "Expected text, got set"),
    ("history", 7, "Expected text, got int"),
    ("verbose", "true", "Expected boolean, got str"),
    ("verbose", 1, "Expected boolean, got int"),
    ("image", 7, "Expected image, got int"),
    ("image", {}, "Expected image, got dict"),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG, ids=repr)
def test_a_wrong_type_is_refused_where_it_is_set(model: Any, name: str, value: Any, words: str) -> None:
    before = model.inputs.copy()
    for touch in (
        lambda: setattr(model.inputs, name, value),
        lambda: model.inputs.__setitem__(name, value),
        lambda: model.inputs.update({name: value}),
    ):
        with pytest.raises(ValueError, match=f"^Invalid value type for parameter '{name}'. {words}") as error:
            touch()
        assert isinstance(error.value, InputError)
    assert model.inputs.copy() == before


@pytest.mark.parametrize(("name", "value", "words"), WRONG, ids=repr)
def test_a_wrong_type_is_refused_before_a_run_is_sent(model: Any, service: Any, name: str, value: Any, words: str) -> None:
    model.inputs.text = "hi"
    for run in (model.run, model.run_async, model.run_stream):
        with pytest.raises(ValueError, match=f"^Parameter validation failed: Parameter '{name}' has invalid type. {words}"):
            run(**{name: value})
    (problem,) = model.check(**{name: value})
    assert problem.startswith(f"Parameter '{name}' has invalid type. {words}")
    assert service.asked == []


RIGHT = [
    ("text", ""),
    ("text", Language.SPANISH),
    ("temperature", 0),
    ("temperature", "0.5"),
    ("temperature", 10**12),
    ("words", "one"),
    ("words", []),
    ("words", ("a", "b")),
    ("words", [Function.TRANSLATION, "b"]),
    ("history", [{"role": "user"}]),
    ("history", {}),
    ("history", "[]"),
    ("verbose", True),
    ("source", "en"),
    ("source", Language.ENGLISH),
    ("language", "es"),
    ("language", Language.SPANISH_MEXICO),
    ("image", "https://example.com/cat.png"),
]


@pytest.mark.parametrize(("name", "value"), RIGHT, ids=repr)
def test_a_right_value_is_set_and_kept_as_it_is(model: Any, name: str, value: Any) -> None:
    model.inputs[name] = value
    assert model.inputs[name] is value
    model.inputs.text = model.inputs.text or "hi"
    assert model.check() == []
    assert model.check(**{name: value}) == []


def test_members_travel_as_wire_values(model_with: ModelWith, service: Any) -> None:
    service.answer = SUCCESS
    model = model_with("a", "b", "c", {"name": "d", "dataType": "text", "multipleValues": True})
    model.run(a=Function.TEXT_GENERATION, b=Supplier.OPENAI, c=Language.SPANISH_MEXICO, d=(Language.SPANISH_MEXICO, "fr"))
    assert sent(service) == {"a": "text-generation", "b": "openai", "c": "es", "d": ["es", "fr"]}


@pytest.mark.parametrize("file", [Path(__file__), io.BytesIO(b"x"), b"x", __file__], ids=["path", "open", "bytes", "name"])
def test_a_file_input_takes_a_local_file(model: Any, file: Any) -> None:
    model.inputs.image = file
    assert model.inputs.image is file
    assert model.check(text="hi") == []


def test_a_file_that_is_not_there_is_a_problem(model: Any, tmp_path: Path) -> None:
    (problem,) = model.check(text="hi", image=tmp_path / "none.png")
    assert "none.png is not there" in problem


# --- Values that the service does not take --------------------------------------------------------


def test_options_bind_when_the_model_runs(model: Any, service: Any) -> None:
    model.inputs.language = "de"  # may be set
    words = "Parameter 'language' has invalid value 'de'. Expected one of 'en', 'es'"
    with pytest.raises(InputError) as error:
        model.run(text="hi")
    assert str(error.value) == f"Parameter validation failed: {words}"
    assert model.check(text="hi") == [words]
    assert service.asked == []


def test_a_fixed_parameter_is_not_set_to_another_value(model: Any, service: Any) -> None:
    words = "Parameter 'source' has invalid value 'fr'. It is fixed at 'en'"
    with pytest.raises(InputError) as error:
        model.inputs.source = "fr"
    assert str(error.value) == words
    with pytest.raises(InputError, match="It is fixed at 'en'"):
        model.run(text="hi", source="fr")
    assert model.check(text="hi", source="fr") == [words]
    model.inputs.source = None  # unset, and so not sent
    service.answer = SUCCESS
    model.run(text="hi")
    assert "source" not in sent(service)


@pytest.mark.parametrize("default", ["auto", "", True, ["x"]])
def test_an_odd_default_of_the_service_is_not_the_callers_mistake(model_with: ModelWith, service: Any, default: Any) -> None:
    service.answer = SUCCESS
    model = model_with({"name": "size", "dataType": "text", "dataSubType": "number", "defaultValues": [{"value": default}]})
    assert model.check() == []
    model.inputs.size = 3
    model.inputs.size = default  # set back by hand
    model.run()
    assert sent(service) == {"size": default}


def test_an_odd_default_of_the_service_keeps_no_map_from_running(model_with: ModelWith, service: Any) -> None:
    service.answer = SUCCESS
    model = model_with(TEXT, {"name": "size", "dataType": "number", "defaultValues": [{"value": "auto"}]})
    (item,) = model.map(["hi"])
    assert item.error is None
    assert sent(service) == {"text": "hi", "size": "auto"}


def test_a_required_parameter_is_required(model: Any, service: Any) -> None:
    words = "Parameter validation failed: Required parameter 'text' is missing"
    for run in (model.run, model.run_async, model.run_stream):
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the words are compared whole
            run()
        assert str(error.value) == words
    with pytest.raises(InputError, match=words):
        model.run(text=None)
    assert service.asked == []


def test_every_problem_is_told_at_once(model: Any) -> None:
    with pytest.raises(InputError) as error:
        model.run(temperature="hot", verbose=1)
    problems = [
        "Required parameter 'text' is missing",
        "Parameter 'temperature' has invalid type. Expected text, got str ('hot' is no number)",
        "Parameter 'verbose' has invalid type. Expected boolean, got int",
    ]
    assert str(error.value) == "Parameter validation failed: " + "; ".join(problems)
    assert error.value.details["problems"] == problems


# --- What is sent ---------------------------------------------------------------------------------


def test_none_is_unset_and_not_sent_and_empty_values_are(model_with: ModelWith, service: Any) -> None:
    service.answer = SUCCESS
    model = model_with("a", "b", TEMPERATURE, {"name": "verbose", "dataType": "boolean", "defaultValues": [False]})
    model.inputs.a = "held"
    model.run(a=None, b="", temperature=0)
    assert sent(service) == {"b": "", "temperature": 0, "verbose": False}
    assert model.inputs.a == "held"


def test_what_the_call_gives_wins_over_what_is_held(model_with: ModelWith, service: Any) -> None:
    service.answer = SUCCESS
    model = model_with(TEXT, TEMPERATURE)
    model.inputs = {"text": "held", "temperature": 0.1}
    model.run(text="given")
    assert sent(service) == {"text": "given", "temperature": 0.1}
    assert model.inputs.text == "held"


@pytest.mark.parametrize("data", ["hi", 0, [], {"messages": [{"role": "user", "content": "hi"}]}, False])
def test_data_is_sent_as_it_is_and_stands_for_text(model_with: ModelWith, service: Any, data: Any) -> None:
    service.answer = SUCCESS
    model_with(TEXT).run(data=data)
    assert sent(service) == {"data": data}


def test_data_stands_for_nothing_but_text(model_with: ModelWith, service: Any) -> None:
    model = model_with(TEXT, {"name": "to", "required": True, "dataType": "label"})
    with pytest.raises(InputError, match="Parameter validation failed: Required parameter 'to' is missing"):
        model.run(data="hi")
    assert model.check(data="hi", to="es") == []
    assert model.check(data="hi", to="es", text=7) != []
    assert service.asked == []


def test_what_steers_the_client_is_never_sent(model_with: ModelWith, service: Any) -> None:
    service.answer = SUCCESS
    model_with(TEXT).run(
        text="x",
        timeout=5,
        wait_time=0.1,
        stream=False,
        show_progress=False,
        run_retries=0,
        run_retry_wait=0,
        api_key="other",
        resource_path="v9/models",
    )
    assert sent(service) == {"text": "x"}


# --- Check ----------------------------------------------------------------------------------------


def test_check_names_the_problems_and_sends_nothing(model: Any, service: Any) -> None:
    assert model.check(text="hi") == []
    assert model.check(temperature=True, temprature=1) == [
        "Required parameter 'text' is missing",
        "Parameter 'temperature' has invalid type. Expected text, got bool (True is no number)",
        "Parameter 'temprature' not found (did you mean 'temperature'?)",
    ]
    assert service.asked == []


def test_check_warns_of_nothing(model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(model.check(text="hi", temprature=1)) == 1


def test_check_knows_the_values_that_are_held(model: Any) -> None:
    model.inputs.text = "hi"
    assert model.check() == []
    assert model.check(text=None) == ["Required parameter 'text' is missing"]


def test_check_needs_no_client() -> None:
    assert Model(id="x", params=[Parameter("text", True)]).check() == ["Required parameter 'text' is missing"]
    assert Model().check() == ["Model has not been saved yet"]


def test_a_run_without_a_client_says_where_to_get_one() -> None:
    with pytest.raises(ValidationError, match=r"Aixplain\(\)\.Model"):
        Model(id="x", params=[Parameter("text", True)]).run(text="hi")


# --- What check accepts is what run sends ---------------------------------------------------------


class Markup(str):
    __slots__ = ()


class Unshown:
    def __repr__(self) -> str:
        raise RuntimeError


circular: list[Any] = []
circular.append(circular)
VALUES: list[Any] = [
    *(
        Markup("x"),
        Language.SPANISH,
        ("a",),
        {"a"},
        UserDict(a=1),
        Decimal("1.5"),
        Decimal("NaN"),
        datetime(2026, 1, 2),
        UUID(int=1),
    ),
    *(
        float("nan"),
        [float("inf")],
        {"a": {"b": float("nan")}},
        "\ud83d",
        ["\ud83d"],
        circular,
        10**5000,
        {None: 1},
        1j,
        object(),
    ),
    *(Unshown(), [Unshown()], b"x", range(2), [None], {"a": (1, None)}, True, 7, "x", [], {}),
]


@pytest.mark.parametrize("number", range(len(VALUES)))
@pytest.mark.parametrize("name", ["text", "temperature", "words", "history", "verbose", "data", "options", "identifier"])
def test_what_check_accepts_is_sent_and_nothing_else(model: Any, service: Any, name: str, number: int) -> None:
    service.answer = SUCCESS
    inputs = {"text": "x", name: VALUES[number]}
    problems = model.check(**inputs)
    if problems:
        with pytest.raises(InputError):
            model.run(**inputs)
        with pytest.raises(InputError):
            model.run_async(**inputs)
        assert service.asked == []
    else:
        model.run(**inputs)
        assert len(service.asked) == 1


def test_shared_inputs_of_a_map_are_refused_at_once_as_those_of_a_run_are(model: Any, service: Any) -> None:
    for value in ({"a": float("nan")}, circular, ["\ud83d"]):
        with pytest.raises(InputError, match="Parameter history"):
            model.map(["x"], history=value)
    assert service.asked == []


@pytest.mark.parametrize("single", [None, 7, "text", b"x", {"text": "x"}])
def test_a_map_of_a_single_input_is_refused(model: Any, single: Any) -> None:
    with pytest.raises(InputError, match="A map takes many inputs"):
        model.map(single)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nx-other: 1", "\x00", [], 0.5, {"a": 1}])
def test_what_no_header_can_carry_is_refused(model: Any, service: Any, value: Any) -> None:
    with pytest.raises(InputError, match="session_id is sent as a header"):
        model.run(text="x", session_id=value)
    assert service.asked == []
