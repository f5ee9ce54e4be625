"""A model's inputs: values by name, checked as they are set."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any

from aixplain.v2._inputs.form import Form

if TYPE_CHECKING:
    from aixplain.v2._model_base import ModelBase


class InputsProxy:
    """The inputs of one model, by item or by attribute: `model.inputs.temperature = 0.7`.

    Reads and writes values. None means unset, and is not sent; `""` and `0` are values. A parameter with the name of a
    method (`items`, `keys`) is read by item, and set either way.
    """

    __slots__ = ("_form", "_values")

    _form: Form
    _values: dict[str, Any]

    def __init__(self, model: ModelBase) -> None:
        _fill(self, Form(model.params))

    def __getitem__(self, key: str) -> Any:
        """Dict-like access: `inputs["temperature"]`. Raises KeyError for an unknown name."""
        if key not in self._form.parameters:
            raise KeyError(self._form.not_found(key))
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Dict-like assignment. Raises KeyError for an unknown name, ValueError for a wrong type."""
        if key not in self._form.parameters:
            raise KeyError(self._form.not_found(key))
        self._values[key] = self._form.settable(key, value)

    def __getattr__(self, name: str) -> Any:
        """Dot notation access: `inputs.temperature`. Raises AttributeError for an unknown name."""
        if name.startswith("__") or name in InputsProxy.__slots__:  # what Python asks, perhaps of one that is half copied
            raise AttributeError(name)
        if name not in self._form.parameters:
            raise AttributeError(self._form.not_found(name))
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        """Dot notation assignment. Raises AttributeError for an unknown name, ValueError for a wrong type."""
        if name not in self._form.parameters:
            raise AttributeError(self._form.not_found(name))
        self._values[name] = self._form.settable(name, value)

    def __contains__(self, key: object) -> bool:
        """Whether there is such a parameter: `"temperature" in inputs`."""
        return key in self._form.parameters

    def __len__(self) -> int:
        """Number of parameters."""
        return len(self._form.parameters)

    def __iter__(self) -> Iterator[str]:
        """Over the parameters' names."""
        return iter(self._form.parameters)

    def keys(self) -> KeysView[str]:
        """Parameter names."""
        return self._form.parameters.keys()

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
            if key not in self._form.parameters:
                raise KeyError(self._form.not_found(key))
        checked = {key: self._form.settable(key, value) for key, value in new.items()}
        self._values.update(checked)

    def clear(self) -> None:
        """Reset all parameters to the service's defaults."""
        self.reset_all_parameters()

    def copy(self) -> dict[str, Any]:
        """A copy of the current values."""
        return dict(self._values)

    def has_parameter(self, param_name: str) -> bool:
        """Whether there is such a parameter."""
        return param_name in self._form.parameters

    def get_parameter_names(self) -> list[str]:
        """The names of all parameters."""
        return list(self._form.parameters)

    def get_required_parameters(self) -> list[str]:
        """The names of the parameters that a run must have."""
        return [parameter.name for parameter in self._form.parameters.values() if parameter.required]

    def get_parameter_info(self, param_name: str) -> dict[str, Any] | None:
        """What is known about a parameter (`value`, `required`, `data_type`, …); None for an unknown name."""
        parameter = self._form.parameters.get(param_name)
        if parameter is None:
            return None
        fields = {name: getattr(parameter, name) for name in parameter.__struct_fields__}
        return {**fields, "value": self._values[param_name], "default": parameter.default, "options": parameter.options}

    def get_all_parameters(self) -> dict[str, Any]:
        """All current values by name."""
        return self.copy()

    def reset_parameter(self, param_name: str) -> None:
        """Reset a parameter to the service's default. Raises KeyError for an unknown name."""
        if param_name not in self._form.parameters:
            raise KeyError(self._form.not_found(param_name))
        self._values[param_name] = self._form.fresh_defaults()[param_name]

    def reset_all_parameters(self) -> None:
        """Reset all parameters to the service's defaults."""
        self._values.update(self._form.fresh_defaults())

    def json_schema(self) -> dict[str, Any]:
        """The parameters as a JSON Schema (2020-12): types, options, ranges, defaults, and which are required."""
        from aixplain._wire.json_schema import json_schema  # few need it

        return json_schema(self._form.parameters.values())

    def __repr__(self) -> str:
        return f"InputsProxy({self._values!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from aixplain.v2._notebook.catalog import inputs_html

        return inputs_html(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InputsProxy | Mapping):
            return NotImplemented
        return self._values == dict(other.items())

    __hash__ = None  # type: ignore[assignment] # as every mutable mapping

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._form.parameters]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._form.parameters)

    def __copy__(self) -> InputsProxy:
        return _rebuild(self._form, self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._form, self._values)


def _fill(inputs: InputsProxy, form: Form, values: Mapping[str, Any] | None = None) -> InputsProxy:
    object.__setattr__(inputs, "_form", form)
    object.__setattr__(inputs, "_values", form.fresh_defaults() if values is None else dict(values))
    return inputs


def _rebuild(form: Form, values: dict[str, Any]) -> InputsProxy:
    return _fill(InputsProxy.__new__(InputsProxy), form, values)
