"""What a function's signature makes of a model: its parameters, what becomes of their values, and what is refused."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import pytest

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import kind_of
from aixplain.hub import Audio, Document, Hub, Input, ModelError
from aixplain.hub.backends.signature import Argument, arguments_of

if TYPE_CHECKING:
    from decimal import Decimal


class Mood(enum.Enum):
    GLAD = "glad"
    ANGRY = "angry"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 3


def argument(hint: Any, default: Any = ...) -> Argument:
    def code(value):  # type: ignore[no-untyped-def]
        return value

    code.__annotations__ = {"value": hint}
    if default is not ...:
        code.__defaults__ = (default,)
    [found] = arguments_of(code)
    return found


def parameter(hint: Any, default: Any = ...) -> Parameter:
    return argument(hint, default).parameter


@pytest.mark.parametrize(
    ("hint", "data_type", "several", "required"),
    [
        (str, "text", False, True),
        (int, "number", False, True),
        (float, "number", False, True),
        (int | float, "number", False, True),
        (bool, "boolean", False, True),
        (dict, "json", False, True),
        (dict[str, int], "json", False, True),
        (Mapping[str, Any], "json", False, True),
        (Any, "json", False, True),
        (Path, "document", False, True),
        (Document, "document", False, True),
        (Audio, "audio", False, True),
        (Literal["a", "b"], "label", False, True),
        (Literal[1, 2], "number", False, True),
        (Mood, "label", False, True),
        (Level, "number", False, True),
        (list, "array", False, True),
        (list[Any], "array", False, True),
        (list[list[int]], "array", False, True),
        (list[str], "text", True, True),
        (list[int], "number", True, True),
        (Sequence[str], "text", True, True),
        (Iterable[float], "number", True, True),
        (tuple[int, ...], "number", True, True),
        (set[str], "text", True, True),
        (list[Literal["a", "b"]], "label", True, True),
        (list[dict[str, int]], "json", True, True),
        (list[Audio], "audio", True, True),
        (str | None, "text", False, False),
        (Optional[int], "number", False, False),  # noqa: UP045 - the older spelling is tested too
        (list[str] | None, "text", True, False),
        (Annotated[str | None, Input(description="x")], "text", False, False),
        (Annotated[int, Input(ge=1)] | None, "number", False, False),
        (Document | None, "document", False, False),
        (Annotated[str, Input(type="audio")], "audio", False, True),
        (Annotated[str, "a note of another library"], "text", False, True),
        (Annotated[str, Input(choices=("a", "b"))], "label", False, True),
        (Annotated[int, Input(choices=(1, 2))], "number", False, True),
    ],
)
def test_an_annotation_tells_the_type(hint: Any, data_type: str, several: bool, required: bool) -> None:
    found = parameter(hint)
    assert (kind_of(found), found.multiple_values, found.required) == (data_type, several, required)


def test_a_parameter_without_an_annotation_is_text() -> None:
    [found] = arguments_of(lambda anything: anything)
    assert (found.parameter.data_type, found.parameter.required) == ("text", True)


def test_input_tells_the_rest() -> None:
    found = parameter(Annotated[int, Input(ge=1, le=5, description="How many")], 3)
    assert (found.minimum, found.maximum, found.description, found.default) == (1, 5, "How many", 3)
    chosen = parameter(Annotated[str, Input(choices=("glad", "angry"))], "glad")
    assert (chosen.options, chosen.default, chosen.required) == (["glad", "angry"], "glad", False)


def test_bounds_that_no_number_keeps_are_refused() -> None:
    with pytest.raises(ValueError, match="No number is from 5 to 1"):
        Input(ge=5, le=1)


def test_an_input_around_an_input_adds_to_it() -> None:
    found = parameter(Annotated[Document, Input(description="A letter")])
    assert (found.data_type, found.description) == ("document", "A letter")


@pytest.mark.parametrize(
    ("hint", "default", "told"),
    [
        (str, "", ""),
        (bool, False, False),
        (int, 0, 0),
        (str | None, None, None),
        (list[str], ("a", "b"), ["a", "b"]),
        (set[str], {"a"}, ["a"]),
        (Path, Path("a/b"), "a/b"),
        (Mood, Mood.GLAD, "glad"),
        (dict, {"a": 1}, {"a": 1}),
    ],
)
def test_a_default_is_told_as_it_travels(hint: Any, default: Any, told: Any) -> None:
    found = parameter(hint, default)
    assert (found.default, found.required) == (told, False)


@pytest.mark.parametrize(
    ("hint", "sent", "got"),
    [
        (int, "3", 3),
        (int, 3.0, 3),
        (int, "3.0", 3),
        (int, "1e3", 1000),
        (int, 2**80 + 1, 2**80 + 1),
        (int, str(2**80 + 1), 2**80 + 1),
        (float, 3, 3.0),
        (float, "0.5", 0.5),
        (int | float, 3, 3),
        (int | float, "0.5", 0.5),
        (dict, '{"a": 1}', {"a": 1}),
        (Path, "/tmp/x", Path("/tmp/x")),
        (Literal[1, 2], "2", 2),
        (Mood, "angry", Mood.ANGRY),
        (Level, "3", Level.HIGH),
        (list[int], ["1", 2], [1, 2]),
        (list[int], 7, [7]),
        (list[str], "text", ["text"]),
        (tuple[int, ...], [1, "2"], (1, 2)),
        (set[str], ["a", "a"], {"a"}),
        (list[Mood], ["glad"], [Mood.GLAD]),
        (list, [1, "a", None], [1, "a", None]),
        (Any, [1, {}], [1, {}]),
    ],
)
def test_a_value_becomes_what_the_annotation_says(hint: Any, sent: Any, got: Any) -> None:
    value = argument(hint).value(sent)
    assert (value, type(value)) == (got, type(got))


@pytest.mark.parametrize(
    ("hint", "sent", "words"),
    [
        (int, 1.5, "Parameter 'value' has invalid value 1.5. Expected a whole number"),
        (int, "1.5", "Expected a whole number"),
        (list[int], [1, 1.5], "Expected a whole number"),
        (dict, "[]", "Parameter 'value' has invalid value '[]'. Expected an object"),
        (dict, "no json", "Parameter 'value' has invalid value 'no json'. JSON is malformed"),
    ],
)
def test_a_value_that_cannot_become_it_is_told_by_name(hint: Any, sent: Any, words: str) -> None:
    with pytest.raises(ModelError) as error:
        argument(hint).value(sent)
    assert words in str(error.value)
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (bytes, "The input 'value' of argument.<locals>.code() has the type bytes: JSON has nothing that becomes one"),
        (Callable[[], None], "JSON has nothing that becomes one; there are str, int, float, bool, dict, list"),
        (str | int, "an input has one type, or one and None"),
        (list[str] | str, "an input has one type"),
        (tuple[int, str], "a list has values of one type"),
        (Literal["a", 1], "its choices are of more than one type"),
        (Annotated[str, Input(choices=("a", 1))], "its choices are of more than one type"),
    ],
)
def test_a_type_that_no_caller_could_send_is_refused_with_a_sentence(hint: Any, words: str) -> None:
    with pytest.raises(TypeError) as error:
        argument(hint)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("hint", "default", "words"),
    [
        (
            Annotated[int, Input(ge=1)],
            0,
            "The default of 'value' in argument.<locals>.code() is not a value that callers could",
        ),
        (Literal["a", "b"], "c", "Expected one of 'a', 'b'"),
        (int, "many", "Expected text, got str ('many' is no number)"),
        (str, object(), "Expected text, got object"),
    ],
)
def test_a_default_that_callers_could_not_send_is_refused(hint: Any, default: Any, words: str) -> None:
    with pytest.raises(TypeError) as error:
        argument(hint, default)
    assert words in str(error.value)


def takes_several(*texts: str) -> None: ...


def takes_any(**texts: str) -> None: ...


def takes_by_position(text: str, /) -> None: ...


def takes_timeout(text: str, timeout: int = 3) -> None: ...


def takes_options(options: dict[str, Any]) -> None: ...


def takes_unknown(price: Decimal) -> None: ...


class Holder:
    def method(self, text: str) -> str:
        return text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (takes_several, "takes_several() takes *texts: 'str', which callers can't name"),
        (takes_any, "takes_any() takes **texts: 'str', which callers can't name"),
        (takes_by_position, "which callers can't name; a model's inputs have names"),
        (takes_timeout, "takes_timeout() takes 'timeout', which is for the client and never reaches a model"),
        (takes_options, "takes 'options', which is for the client"),
        (Holder.method, "Holder.method() takes 'self'"),
        (takes_unknown, "The annotations of takes_unknown() can't be read: name 'Decimal' is not defined"),
        (Holder, "A model is a function, and"),
        ("text", "A model is a function, and 'text' is none"),
    ],
)
def test_a_signature_that_no_caller_could_meet_is_refused_with_a_sentence(code: Any, words: str) -> None:
    hub = Hub(builtin=False)
    with pytest.raises(TypeError) as error:
        hub.model("acme/x")(code)
    assert words in str(error.value)
    assert hub.entries == {}


def test_a_bound_method_is_a_function() -> None:
    [found] = arguments_of(Holder().method)
    assert found.parameter.name == "text"


@pytest.mark.parametrize(
    "path", ["", "/acme", "acme/", "acme//x", "a b", "acme/x?y", "acme/x#y", "acme/x%2Fy", "acme/x\n", "acme/../x"]
)
def test_a_path_that_no_address_could_hold_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path of a model"):
        Hub(builtin=False).model(path)(lambda text: text)


def test_a_path_names_one_model() -> None:
    hub = Hub(builtin=False)
    hub.model("acme/x")(lambda text: text)
    with pytest.raises(ValueError, match="There are two models at the path 'acme/x'"):
        hub.model("acme/x")(lambda text: text)
