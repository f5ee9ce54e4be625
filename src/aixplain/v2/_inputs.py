"""A model's inputs: values by name, checked as they are set."""

from __future__ import annotations

import warnings
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any

from aixplain._wire.messages import CLIENT_CONTROLS, RUN_HEADERS, Parameter
from aixplain._wire.validation import FILE_TYPES, did_you_mean, fits, problems
from aixplain.v2.exceptions import InputError

if TYPE_CHECKING:
    from aixplain.v2._model_base import ModelBase

#: Names that a run takes beside a model's own parameters.
NOT_PARAMETERS = frozenset({"data", "options"}) | RUN_HEADERS.keys() | CLIENT_CONTROLS


class InputsProxy:
    """The inputs of one model, by item or by attribute: `model.inputs.temperature = 0.7`.

    Reads and writes values. None means unset, and is not sent; `""` and `0` are values. A parameter with the name of a
    method (`items`, `keys`) is reached by item.
    """

    __slots__ = ("_names", "_parameters", "_takes_files", "_values")

    _parameters: dict[str, Parameter]
    _names: frozenset[str]
    """What a run of the model may be given: its parameters, and what every run takes."""
    _takes_files: bool
    _values: dict[str, Any]

    def __init__(self, model: ModelBase) -> None:
        object.__setattr__(self, "_parameters", {parameter.name: parameter for parameter in model.params})
        object.__setattr__(self, "_names", NOT_PARAMETERS | self._parameters.keys())
        object.__setattr__(self, "_takes_files", any(each.data_type in FILE_TYPES for each in model.params))
        object.__setattr__(self, "_values", {})
        self.reset_all_parameters()

    def __getitem__(self, key: str) -> Any:
        """Dict-like access: `inputs["temperature"]`. Raises KeyError for an unknown name."""
        if key not in self._parameters:
            raise KeyError(self._not_found(key))
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Dict-like assignment. Raises KeyError for an unknown name, ValueError for a wrong type."""
        if key not in self._parameters:
            raise KeyError(self._not_found(key))
        self._values[key] = self._checked(self._parameters[key], value)

    def __getattr__(self, name: str) -> Any:
        """Dot notation access: `inputs.temperature`. Raises AttributeError for an unknown name."""
        if name not in self._parameters:
            raise AttributeError(self._not_found(name))
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        """Dot notation assignment. Raises AttributeError for an unknown name, ValueError for a wrong type."""
        if name not in self._parameters:
            raise AttributeError(self._not_found(name))
        self._values[name] = self._checked(self._parameters[name], value)

    def __contains__(self, key: object) -> bool:
        """Whether there is such a parameter: `"temperature" in inputs`."""
        return key in self._parameters

    def __len__(self) -> int:
        """Number of parameters."""
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        """Over the parameters' names."""
        return iter(self._parameters)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._parameters]

    def keys(self) -> KeysView[str]:
        """Parameter names."""
        return self._parameters.keys()

    def values(self) -> ValuesView[Any]:
        """Parameter values; None for one that is unset."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """Parameter names with their values."""
        return self._values.items()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a parameter, or `default` when there is no such parameter or it is unset."""
        value = self._values.get(key)
        return default if value is None else value

    def update(self, values: Mapping[str, Any] | None = None, /, **kwargs: Any) -> None:
        """Set several parameters at once; when one is wrong, none is set."""
        new = {**(values or {}), **kwargs}
        for key in new:
            if key not in self._parameters:
                raise KeyError(self._not_found(key))
        checked = {key: self._checked(self._parameters[key], value) for key, value in new.items()}
        self._values.update(checked)

    def clear(self) -> None:
        """Reset all parameters to the service's defaults."""
        self.reset_all_parameters()

    def copy(self) -> dict[str, Any]:
        """A copy of the current values."""
        return dict(self._values)

    def has_parameter(self, param_name: str) -> bool:
        """Whether there is such a parameter."""
        return param_name in self._parameters

    def get_parameter_names(self) -> list[str]:
        """The names of all parameters."""
        return list(self._parameters)

    def get_required_parameters(self) -> list[str]:
        """The names of the parameters that a run must have."""
        return [parameter.name for parameter in self._parameters.values() if parameter.required]

    def get_parameter_info(self, param_name: str) -> dict[str, Any] | None:
        """What is known about a parameter (`value`, `required`, `data_type`, …); None for an unknown name."""
        parameter = self._parameters.get(param_name)
        if parameter is None:
            return None
        fields = {name: getattr(parameter, name) for name in parameter.__struct_fields__}
        return {**fields, "value": self._values[param_name], "default": parameter.default, "options": parameter.options}

    def get_all_parameters(self) -> dict[str, Any]:
        """All current values by name."""
        return self.copy()

    def reset_parameter(self, param_name: str) -> None:
        """Reset a parameter to the service's default. Raises KeyError for an unknown name."""
        if param_name not in self._parameters:
            raise KeyError(self._not_found(param_name))
        self._values[param_name] = self._parameters[param_name].default

    def reset_all_parameters(self) -> None:
        """Reset all parameters to the service's defaults."""
        self._values.update((name, parameter.default) for name, parameter in self._parameters.items())

    def __repr__(self) -> str:
        return f"InputsProxy({self._values!r})"

    def _not_found(self, name: str) -> str:
        return f"Parameter '{name}' not found{did_you_mean(name, self._parameters)}"

    @staticmethod
    def _checked(parameter: Parameter, value: Any) -> Any:
        if value is not None and not fits(parameter, value) and not _is_file(parameter, value):
            raise InputError(
                f"Invalid value type for parameter '{parameter.name}'. "
                f"Expected {parameter.data_type}, got {type(value).__name__}"
            )
        return value


def _is_file(parameter: Parameter, value: Any) -> bool:
    if parameter.data_type not in FILE_TYPES:
        return False
    from aixplain.v2._files import local_file  # few models take files

    return local_file(parameter, value) is not None


def validate(inputs: InputsProxy, values: Mapping[str, Any], *, strict: bool) -> None:
    """Raise `InputError` for everything that would be wrong about a run; warn of names that the model doesn't know."""
    found = problems(inputs._parameters.values(), values)
    # A service that tells no parameters leaves nothing to know.
    odd = values.keys() - inputs._names if inputs._parameters and not inputs._names.issuperset(values) else ()
    unknown = [inputs._not_found(name) for name in sorted(odd)]
    if found or (unknown and strict):
        raise InputError("Parameter validation failed: " + "; ".join(found + (unknown if strict else [])))
    for problem in unknown:
        warnings.warn(f"{problem}; it is sent as it is. Aixplain(strict=True) refuses it", stacklevel=4)
