"""Methods that show a model's own parameters: to `inspect.signature`, to `help`, and to who presses the tab key."""

from __future__ import annotations

import functools
import keyword
from collections.abc import Callable, Iterator
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from aixplain._wire.messages import CLIENT_CONTROLS
from aixplain._wire.validation import FILE_TYPES, kind_of

if TYPE_CHECKING:
    import inspect

    from aixplain._wire.messages import Parameter
    from aixplain.v2._model_base import ModelBase

MethodT = TypeVar("MethodT", bound=Callable[..., Any])

_TYPES: dict[str | None, Any] = {
    "text": str,
    "label": str,
    "number": float,
    "boolean": bool,
    "json": dict | list | str,
    "array": list,
    **dict.fromkeys(FILE_TYPES, "str | Path | BinaryIO | bytes"),
}


def shows_inputs(method: MethodT) -> MethodT:
    """Let a method with `**inputs` show the inputs of the model that it is asked of.

    A bound method has no signature of its own, only its function has; so each is bound to a stand-in that knows the model.
    That costs a call 0.3 µs, and the signature is made for who asks.
    """
    return cast(MethodT, _ShowsInputs(method))


class _ShowsInputs:
    """A function among the attributes of a class, that is bound as `shows_inputs` says."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.__func__ = function

    def __call__(self, *arguments: Any, **inputs: Any) -> Any:
        return self.__func__(*arguments, **inputs)

    def __get__(self, model: ModelBase | None, owner: type | None = None) -> Any:
        if model is None:
            return self.__func__
        stand_in = _StandIn(self.__func__)
        stand_in.model = model
        return MethodType(stand_in, model)


class _StandIn(functools.partial):  # type: ignore[type-arg] # its subclasses can't be given one
    """The function, called as it is, that tells of one model when asked."""

    __slots__ = ("model",)

    model: ModelBase

    @property
    def __signature__(self) -> inspect.Signature:
        return signature_for(self.model, self.func)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        import inspect  # slow to import

        return "\n\n".join(filter(None, [inspect.cleandoc(self.func.__doc__ or ""), _described(self.model)]))

    @property
    def __module__(self) -> str:  # type: ignore[override]
        return self.func.__module__

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)


def signature_for(model: ModelBase, function: Callable[..., Any]) -> inspect.Signature:
    """The function's signature with the model's parameters, required ones first, in front of what steers the call."""
    import inspect  # slow to import

    signature = inspect.signature(function)
    itself, *controls = signature.parameters.values()
    own = [each for each in _own(model) if each.name not in signature.parameters]
    own.sort(key=lambda each: each.default is not each.empty)
    return signature.replace(parameters=[itself, *own, *controls])


def _own(model: ModelBase) -> Iterator[inspect.Parameter]:
    """The model's parameters that a keyword can name. What steers the client is none, whatever a service calls it."""
    import inspect  # slow to import

    for name, parameter in model.inputs._form.parameters.items():
        if name.isidentifier() and not keyword.iskeyword(name) and name not in CLIENT_CONTROLS:
            value = model.inputs[name]
            default = inspect.Parameter.empty if value is None and parameter.required else value
            yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_annotation(parameter))


def _annotation(parameter: Parameter) -> Any:
    kind = Literal[tuple(parameter.options)] if parameter.available_options else _TYPES.get(kind_of(parameter), Any)
    return list[kind] if parameter.multiple_values else kind  # type: ignore[valid-type]


def _described(model: ModelBase) -> str:
    known = model.inputs._form.parameters.values()
    lines = [f"    {each.name}: {kind_of(each) or 'any'}{_note(each)}" for each in known]
    return "\n".join([f"Inputs of {model.name or 'the model'}:", *lines]) if lines else ""


def _note(parameter: Parameter) -> str:
    return (", required" if parameter.required else "") + (f". {parameter.description}" if parameter.description else "")
