"""Does a value fit a parameter? The one answer, for the SDK before a run is sent and for the hub when it arrives."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from aixplain._wire.messages import Parameter
from aixplain._wire.plain_data import PLAIN_TYPES, plain

#: Letters of a name that is compared with others: the time that this takes grows faster than the name.
LONGEST_COMPARED = 200
#: Parameters of these types take the address of a file; the SDK uploads what is local.
FILE_TYPES = frozenset({"audio", "image", "video", "document"})


def is_number(value: Any) -> bool:
    """An int, a float, a decimal or a numeric string. A bool, NaN, an infinity or a word is none.

    >>> [is_number(value) for value in (1, "0.5", True, float("nan"), "many")]
    [True, True, False, False, False]
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):  # a union would be made anew each time
        return False
    try:
        return math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_json(value: Any) -> bool:
    return isinstance(value, dict | list | tuple | str)


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple)


# What the protocol names. A type that it doesn't name takes any value: the platform grows.
_CHECKS: dict[str | None, Callable[[Any], bool]] = {
    "text": _is_text,
    "label": _is_text,
    "number": is_number,
    "boolean": _is_boolean,
    "json": _is_json,
    "array": _is_array,
    **dict.fromkeys(FILE_TYPES, _is_text),
}
_SUB_TYPES = frozenset({"number", "json", "boolean"})


def fits(parameter: Parameter, value: Any) -> bool:
    """Whether the value has the parameter's type; of several values, whether each has it.

    >>> temperature = Parameter("temperature", data_type="text", data_sub_type="number")
    >>> fits(temperature, 0.7), fits(temperature, "0.7"), fits(temperature, True)
    (True, True, False)
    """
    if parameter.multiple_values and isinstance(value, list | tuple):
        return all(_is_one(parameter, item) for item in value)
    return _is_one(parameter, value)


def _is_one(parameter: Parameter, value: Any) -> bool:
    check = _CHECKS.get(kind_of(parameter))
    return check is None or check(value) or (type(value) not in PLAIN_TYPES and check(plain(value)))


def kind_of(parameter: Parameter) -> str | None:
    """The type that counts: of text, the sub-type, where it says more."""
    is_finer = parameter.data_type == "text" and parameter.data_sub_type in _SUB_TYPES
    return parameter.data_sub_type if is_finer else parameter.data_type


class QuickLook:
    """Says of most values at once that they will do, for who asks often; `problems` tells what is wrong with the others.

    >>> look = QuickLook([Parameter("size", data_type="number", required=True, maximum=5)], others={"timeout"})
    >>> look.accepts({"size": 5, "timeout": 9}), look.accepts({"size": 6}), look.accepts({"sise": 5})
    (True, False, False)
    """

    __slots__ = ("_checks", "_others", "_required")

    def __init__(self, parameters: Collection[Parameter], others: Collection[str] = ()) -> None:
        self._checks = {parameter.name: _checker(parameter) for parameter in parameters}
        self._required = frozenset(parameter.name for parameter in parameters if parameter.required)
        self._others = others

    def accepts(self, values: Mapping[str, Any]) -> bool:
        """Whether nothing is to be said of these values, none of which is None. `others` are names that are no parameters."""
        if not self._required.issubset(values) and not self._has_stand_in(values):
            return False
        checks = self._checks
        for name, value in values.items():
            check = checks.get(name)
            if check is None:
                if name not in self._others:
                    return False
            elif not check(value):
                return False
        return True

    def _has_stand_in(self, values: Mapping[str, Any]) -> bool:
        return self._required.difference(values) == {"text"} and _has_stand_in(self._checks, values)


def _checker(parameter: Parameter) -> Callable[[Any], bool]:
    longest = parameter.max_length
    if longest is not None and kind_of(parameter) == "text" and not parameter.multiple_values and not _is_narrow(parameter):
        return lambda value: isinstance(value, str) and len(value) <= longest
    if parameter.multiple_values or _is_bound(parameter):
        return lambda value: fits(parameter, value) and value_problem(parameter, value) is None
    return _CHECKS.get(kind_of(parameter)) or _is_anything


def _is_anything(value: Any) -> bool:
    return True


def type_problem(parameter: Parameter, value: Any) -> str:
    """A value of the wrong type, in the words that people match on."""
    return f"Parameter '{parameter.name}' has invalid type. {expectation(parameter, value)}"


def expectation(parameter: Parameter, value: Any) -> str:
    """What was expected, and what came."""
    words = f"Expected {parameter.data_type}, got {type(value).__name__}"
    if parameter.multiple_values and isinstance(value, list | tuple):
        odd = next((index for index, item in enumerate(value) if not _is_one(parameter, item)), None)
        return words if odd is None else f"{words} (item {odd} is {shown(value[odd])})"
    is_numeric = kind_of(parameter) == "number" and isinstance(value, bool | float | str)
    return f"{words} ({shown(value)} is no number)" if is_numeric else words


def _is_bound(parameter: Parameter) -> bool:
    """Whether not every value of the right type will do."""
    return parameter.max_length is not None or _is_narrow(parameter)


def _is_narrow(parameter: Parameter) -> bool:
    """Whether not every value of the right type and length will do."""
    return bool(
        parameter.available_options
        or parameter.minimum is not None
        or parameter.maximum is not None
        or (parameter.is_fixed and parameter.default_values)
    )


def fixed_problem(parameter: Parameter, value: Any) -> str | None:
    """What is wrong with another value than the one at which the service holds a parameter fixed."""
    if not parameter.is_fixed or parameter.default is None or _is_same(plain(value), parameter.default):
        return None
    return f"Parameter '{parameter.name}' has invalid value {shown(value)}. It is fixed at {parameter.default!r}"


def value_problem(parameter: Parameter, value: Any) -> str | None:
    """What is wrong with a value whose type is right: not the fixed one, not among the options, or out of range."""
    if problem := fixed_problem(parameter, value):
        return problem
    values = value if parameter.multiple_values and isinstance(value, list | tuple) else [value]
    for each in map(plain, values):
        if parameter.available_options and not any(_is_same(each, option) for option in parameter.options):
            options = ", ".join(map(repr, parameter.options))
            return f"Parameter '{parameter.name}' has invalid value {shown(each)}. Expected one of {options}"
        if parameter.max_length is not None and isinstance(each, str) and len(each) > parameter.max_length:
            return (
                f"Parameter '{parameter.name}' has invalid value {each[:40]!r}…. "
                f"Expected at most {parameter.max_length:,} characters, got {len(each):,}"
            )
        if _is_out_of_range(parameter, each):
            return f"Parameter '{parameter.name}' has invalid value {shown(each)}. Expected {_range(parameter)}"
    return None


def _is_same(value: Any, other: Any) -> bool:
    """Whether two values are one on the wire, where a number may be written as text."""
    return value == other or str(value) == str(other)


def _is_out_of_range(parameter: Parameter, value: Any) -> bool:
    if (parameter.minimum is None and parameter.maximum is None) or not is_number(value):
        return False
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    return not low <= float(value) <= high


def _range(parameter: Parameter) -> str:
    if parameter.maximum is None:
        return f"{parameter.minimum:g} or more"
    if parameter.minimum is None:
        return f"{parameter.maximum:g} or less"
    return f"a number from {parameter.minimum:g} to {parameter.maximum:g}"


def problems(parameters: Collection[Parameter], values: Mapping[str, Any]) -> list[str]:
    """Everything that keeps a run with these values from being sent; empty when nothing does.

    `data` is sent as it is, and stands for a missing `text` alone, as do `messages` for a model that takes them.

    >>> problems([Parameter("text", required=True, data_type="text")], {})
    ["Required parameter 'text' is missing"]
    """
    found = []
    names = [parameter.name for parameter in parameters]
    for parameter in parameters:
        value = values.get(parameter.name)
        if value is None:
            if parameter.required and not (parameter.name == "text" and _has_stand_in(names, values)):
                found.append(f"Required parameter '{parameter.name}' is missing")
        elif not fits(parameter, value):
            found.append(type_problem(parameter, value))
        elif _is_bound(parameter) and (problem := value_problem(parameter, value)):
            found.append(problem)
    return found


def _has_stand_in(names: Collection[str], values: Mapping[str, Any]) -> bool:
    """Whether a model with parameters of these names can do without `text`."""
    return values.get("data") is not None or ("messages" in names and values.get("messages") is not None)


def shown(value: Any, most: int = 60) -> str:
    """Write the beginning of a value for a message, whatever its size.

    >>> shown("a" * 10_000_000, 5), shown([1] * 10_000_000, 8)
    ("'aaaa", '[1, 1, 1')
    """
    try:
        return repr(_beginning(value, most))[:most]
    except Exception:  # noqa: BLE001 - a repr is anybody's code, and a message about a value is no place to fail
        return f"a {type(value).__name__}"


def _beginning(value: Any, most: int, depth: int = 3) -> Any:
    if isinstance(value, str | bytes):
        return value[:most]
    if isinstance(value, list | tuple):
        return [_beginning(item, most, depth - 1) for item in value[:most]] if depth else []
    if isinstance(value, dict):
        items = islice(value.items(), most if depth else 0)
        return {_beginning(name, most): _beginning(item, most, depth - 1) for name, item in items}
    return value


def shortened(name: str, most: int = 100) -> str:
    """Cut a name for a message.

    >>> shortened("acme/shout"), shortened("x" * 1000, 4)
    ('acme/shout', 'xxxx…')
    """
    return name if len(name) <= most else f"{name[:most]}…"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint for a name that isn't there: the nearest one, or all of them when there are few.

    >>> did_you_mean("temprature", ["text", "temperature"])
    " (did you mean 'temperature'?)"
    """
    import difflib  # slow to import, and needed when something is wrong

    known = list(names)
    near = difflib.get_close_matches(name, known, n=1) if len(name) <= LONGEST_COMPARED else []
    if near:
        return f" (did you mean '{near[0]}'?)"
    return f" (there are: {', '.join(known)})" if 0 < len(known) <= 12 else ""
