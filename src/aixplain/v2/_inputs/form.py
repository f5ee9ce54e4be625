"""What a run of one model may be given, and what is wrong with values: the one check of them all."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Parameter
from aixplain._wire.plain_data import plain
from aixplain._wire.validation import FILE_TYPES, QuickLook, did_you_mean, expectation, fits, fixed_problem, problems
from aixplain.v2.exceptions import InputError

#: Names of arguments that steer the client or travel as headers; an input of such a name is not sent.
NOT_SENT = CLIENT_CONTROLS | RUN_HEADERS.keys()
#: Names that a run takes beside a model's own parameters.
NOT_PARAMETERS = frozenset({"data", "options"}) | NOT_SENT


class Form:
    """The parameters of one model, ready to look at values: quickly where all is well, closely where it is not.

    >>> form = Form([Parameter("text", required=True, data_type="text"), Parameter("size", data_type="number")])
    >>> form.problems({"size": "many", "txt": "hi"})
    ["Required parameter 'text' is missing", "Parameter 'size' has invalid type. Expected number, got str (...)"]
    >>> form.unknown({"txt": "hi"})
    ["Parameter 'txt' not found (did you mean 'text'?)"]
    """

    __slots__ = ("accepts", "defaults", "parameters", "takes_files")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self.defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        self.takes_files = any(parameter.data_type in FILE_TYPES for parameter in self.parameters.values())
        self.accepts = QuickLook(self.parameters.values(), NOT_PARAMETERS).accepts
        """Whether nothing is to be said of values, none of which is None; a quick look that may say no too often."""

    def fresh_defaults(self) -> dict[str, Any]:
        """The defaults, for someone who may change them."""
        return {name: value.copy() if isinstance(value, list | dict) else value for name, value in self.defaults.items()}

    def problems(self, values: Mapping[str, Any]) -> list[str]:
        """A sentence for each thing that keeps a run with these values from being sent."""
        return problems(self.chosen(values), values)

    def chosen(self, values: Mapping[str, Any]) -> list[Parameter]:
        """The parameters but for those whose value is the service's own default: that is not the caller's mistake."""
        return [each for name, each in self.parameters.items() if not self._is_default(name, values.get(name))]

    def unknown(self, values: Mapping[str, Any]) -> list[str]:
        """A sentence for each name that the model doesn't know; none where the service tells no parameters at all."""
        odd = values.keys() - self.parameters.keys() - NOT_PARAMETERS if self.parameters else ()
        return [self.not_found(name) for name in sorted(odd)]

    def not_found(self, name: str) -> str:
        """The sentence for a name that the model doesn't know."""
        return f"Parameter '{name}' not found{did_you_mean(name, self.parameters)}"

    def settable(self, name: str, value: Any) -> Any:
        """The value, if it may be set: its type is right, and the parameter is not fixed at another one.

        Options and ranges bind when the model runs. Raises `InputError`.
        """
        parameter = self.parameters[name]
        if name in NOT_SENT and value is not None and not self._is_default(name, value):
            raise InputError(_not_an_input(name))
        if value is None or self._is_default(name, value) or _is_file(parameter, value):
            return value
        if not fits(parameter, plain(value)):
            raise InputError(f"Invalid value type for parameter '{name}'. {expectation(parameter, value)}")
        if problem := fixed_problem(parameter, value):
            raise InputError(problem)
        return value

    def _is_default(self, name: str, value: Any) -> bool:
        default = self.defaults[name]
        return default is not None and type(value) is type(default) and bool(value == default)

    def __reduce__(self) -> tuple[Any, ...]:
        return Form, (list(self.parameters.values()),)


def _not_an_input(name: str) -> str:
    """The sentence for an input that has the name of an argument of `run`."""
    use = f"is sent as the header {RUN_HEADERS[name]}" if name in RUN_HEADERS else "steers the client"
    return (
        f"Parameter '{name}' can't be set: {name} is an argument of run that {use}, and no input of that name is sent. "
        "The model uses its own default for it"
    )


def _is_file(parameter: Parameter, value: Any) -> bool:
    if parameter.data_type not in FILE_TYPES or isinstance(value, str):
        return False
    from aixplain.v2._files.local import local_file  # few models take files

    return local_file(parameter, value) is not None


def validate(form: Form, values: Mapping[str, Any], *, strict: bool) -> None:
    """Raise `InputError` for all that would be wrong about a run; warn of names that the model doesn't know.

    The error's `details["problems"]` has the sentences one by one.
    """
    if form.accepts(values):
        return
    found, unknown = form.problems(values), form.unknown(values)
    if strict:
        found += unknown
    if found:
        raise InputError("Parameter validation failed: " + "; ".join(found), {"problems": found})
    for problem in unknown:
        message = f"{problem}; it is sent as it is. Aixplain(strict=True) refuses it"
        warnings.warn(message, stacklevel=_levels_to_caller())


def _levels_to_caller() -> int:
    """How far above our caller the first line outside this package is, as `warnings.warn` counts."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith("aixplain."):
        frame, level = frame.f_back, level + 1
    return level
