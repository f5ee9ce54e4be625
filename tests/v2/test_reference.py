"""Code that was written against the reference of `aixplain.v2.model` finds every name here, and calls it as it did."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from aixplain.v2 import model as module
from aixplain.v2.model import (
    Attribute,
    Detail,
    Message,
    Model,
    ModelResponseStreamer,
    ModelResult,
    ModelRunParams,
    ModelSearchParams,
    Page,
    Parameter,
    Pricing,
    StreamChunk,
    Usage,
    VendorInfo,
    Version,
)


class Reference:
    """The reference, as Python: its classes, functions and signatures, without what they do."""

    class Message: ...

    class Detail: ...

    class Usage: ...

    class ModelResult: ...

    class StreamChunk: ...

    class ModelResponseStreamer:
        def __init__(self, response): ...
        def __iter__(self): ...
        def __next__(self): ...
        def close(self): ...
        def __enter__(self): ...
        def __exit__(self, exc_type, exc_val, exc_tb): ...

    class InputsProxy:
        def __init__(self, model): ...
        def __getitem__(self, key): ...
        def __setitem__(self, key, value): ...
        def __getattr__(self, name): ...
        def __setattr__(self, name, value): ...
        def __contains__(self, key): ...
        def __len__(self): ...
        def __iter__(self): ...
        def keys(self): ...
        def values(self): ...
        def items(self): ...
        def get(self, key, default=None): ...
        def update(self, **kwargs): ...
        def clear(self): ...
        def copy(self): ...
        def has_parameter(self, param_name): ...
        def get_parameter_names(self): ...
        def get_required_parameters(self): ...
        def get_parameter_info(self, param_name): ...
        def get_all_parameters(self): ...
        def reset_parameter(self, param_name): ...
        def reset_all_parameters(self): ...
        def __repr__(self): ...

    class Attribute: ...

    class Parameter: ...

    class Version: ...

    class Pricing: ...

    class VendorInfo: ...

    class ModelSearchParams: ...

    class ModelRunParams: ...

    class Model:
        def __post_init__(self): ...
        @property
        def is_sync_only(self): ...
        @property
        def is_async_capable(self): ...
        def __setattr__(self, name, value): ...
        def build_run_url(self, **kwargs): ...
        def mark_as_deleted(self): ...
        @classmethod
        def get(cls, id, **kwargs): ...
        @classmethod
        def search(cls, query=None, **kwargs): ...
        def run(self, **kwargs): ...
        def run_async(self, **kwargs): ...
        def run_stream(self, **kwargs): ...
        def as_tool(self): ...
        def get_parameters(self): ...

    def find_supplier_by_id(supplier_id): ...  # noqa: N805 - a function of the module

    def find_function_by_id(function_id): ...  # noqa: N805


#: Names that the reference's signatures speak of, which its users import from the same module.
SPOKEN_OF = [
    *("BaseGetParams", "BaseResource", "BaseRunParams", "BaseSearchParams", "Function", "GetResourceMixin", "Page", "Result"),
    *("RunnableResourceMixin", "SearchResourceMixin", "Supplier", "ToolDict", "ToolableMixin"),
]

OF_THE_REFERENCE = {name: value for name, value in vars(Reference).items() if not name.startswith("__")}
CLASSES = {name: value for name, value in OF_THE_REFERENCE.items() if inspect.isclass(value)}
MEMBERS = [
    (name, member)
    for name, kind in CLASSES.items()
    for member, value in vars(kind).items()
    if inspect.isroutine(value) or isinstance(value, property)
]
FUNCTIONS = [name for name, value in OF_THE_REFERENCE.items() if not inspect.isclass(value)]


def parameters(routine: Any, *, bound: bool) -> list[inspect.Parameter]:
    """The parameters of a function or a method, without `self` or `cls`."""
    function = routine.__func__ if isinstance(routine, classmethod | staticmethod) else routine
    return list(inspect.signature(function).parameters.values())[bound:]


def incompatible(theirs: list[inspect.Parameter], ours: list[inspect.Parameter], *, by_name: bool) -> list[str]:
    """What a caller of the reference's signature would stumble over."""
    known = {each.name: each for each in ours}
    places = [each for each in ours if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    found = []
    for place, wanted in enumerate(theirs):
        if wanted.kind is wanted.VAR_KEYWORD:
            found += [] if any(each.kind is each.VAR_KEYWORD for each in ours) else ["takes no other keywords"]
            continue
        mine = known.get(wanted.name) if by_name else places[place] if place < len(places) else None
        if mine is None or (by_name and places.index(mine) != place):
            found.append(f"'{wanted.name}' is not parameter {place + 1}")
        elif wanted.default is not wanted.empty and mine.default != wanted.default:
            found.append(f"'{wanted.name}' is {mine.default!r} by default, not {wanted.default!r}")
    more = {each.name for each in ours} - {each.name for each in theirs} if by_name else set()
    return found + [f"'{name}' is required" for name in sorted(more) if _is_required(known[name])]


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)


@pytest.mark.parametrize("name", [*OF_THE_REFERENCE, *SPOKEN_OF])
def test_every_name_of_the_reference_is_there(name: str) -> None:
    assert name in module.__all__
    assert inspect.isclass(getattr(module, name)) == (name not in FUNCTIONS)


@pytest.mark.parametrize(("kind", "member"), MEMBERS, ids=".".join)
def test_every_member_of_the_reference_takes_what_it_took(kind: str, member: str) -> None:
    theirs = inspect.getattr_static(CLASSES[kind], member)
    ours = inspect.getattr_static(getattr(module, kind), member)
    assert isinstance(ours, property) == isinstance(theirs, property)
    assert isinstance(ours, classmethod) == isinstance(theirs, classmethod)
    if isinstance(theirs, property):
        return
    # The interpreter calls its own methods by position.
    by_name = not member.startswith("__") or member == "__init__"
    assert incompatible(parameters(theirs, bound=True), parameters(ours, bound=True), by_name=by_name) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_the_reference_takes_what_it_took(name: str) -> None:
    theirs, ours = OF_THE_REFERENCE[name], getattr(module, name)
    assert incompatible(parameters(theirs, bound=False), parameters(ours, bound=False), by_name=True) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda key, default=None: ..., []),
        (lambda key, default=None, *, more=1, **others: ..., []),
        (lambda name, default=None: ..., ["'key' is not parameter 1", "'name' is required"]),
        (lambda default=None, key="": ..., ["'key' is not parameter 1", "'default' is not parameter 2"]),
        (lambda key, default=0: ..., ["'default' is 0 by default, not None"]),
        (lambda key, default=None, *, more: ..., ["'more' is required"]),
        (lambda key: ..., ["'default' is not parameter 2"]),
    ],
)
def test_a_signature_that_breaks_callers_would_be_found(changed: Any, words: list[str]) -> None:
    theirs = parameters(Reference.InputsProxy.get, bound=True)
    assert incompatible(theirs, parameters(changed, bound=False), by_name=True) == words


def test_the_classes_derive_from_what_the_reference_derives_them_from() -> None:
    assert issubclass(ModelResult, module.Result)
    assert issubclass(ModelResponseStreamer, Iterator)
    assert issubclass(Model, module.BaseResource)
    for mixin in (module.SearchResourceMixin, module.GetResourceMixin, module.RunnableResourceMixin, module.ToolableMixin):
        assert isinstance(Model(), mixin)
    assert module.BaseSearchParams.__annotations__.keys() < ModelSearchParams.__annotations__.keys()
    assert module.BaseRunParams.__annotations__.keys() < ModelRunParams.__annotations__.keys()
    assert Page[Model]  # subscripted in users' annotations


def test_the_arguments_of_a_search_and_a_run_have_the_reference_s_names() -> None:
    assert {"q", "host", "developer", "path"} <= ModelSearchParams.__annotations__.keys()
    assert {"stream"} <= ModelRunParams.__annotations__.keys()


POSITIONS = [
    (Message, {"role": "assistant", "content": "hi"}),
    (Detail, {"index": 0, "message": Message("assistant", "hi")}),
    (Usage, {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
    (StreamChunk, {"status": module.ResponseStatus.IN_PROGRESS, "data": "hi"}),
    (Attribute, {"name": "license", "code": "license", "value": "MIT"}),
    (Parameter, {"name": "text", "required": True}),
    (Version, {"name": "1.2", "id": "x-1.2"}),
    (Pricing, {"price": 0.1, "unit_type": "TOKEN", "unit_type_scale": "K"}),
    (VendorInfo, {"id": 1777, "name": "OpenAI", "code": "openai"}),
    (ModelResult, {"status": "SUCCESS", "completed": True}),
]


@pytest.mark.parametrize(("kind", "fields"), POSITIONS, ids=[kind.__name__ for kind, _ in POSITIONS])
def test_records_are_made_by_position_and_by_name(kind: Any, fields: dict[str, Any]) -> None:
    by_position = kind(*fields.values())
    assert by_position == kind(**fields)
    assert {name: getattr(by_position, name) for name in fields} == fields


@pytest.mark.parametrize(("kind", "fields"), POSITIONS, ids=[kind.__name__ for kind, _ in POSITIONS])
def test_records_go_to_plain_data_and_json_and_come_back(kind: Any, fields: dict[str, Any]) -> None:
    record = kind(**fields)
    assert kind.from_dict(record.to_dict()) == record
    assert kind.from_json(record.to_json()) == record


def test_a_model_goes_to_plain_data_and_json_and_comes_back() -> None:
    model = Model(id="x", name="X", params=[Parameter("text", True)], version=Version("1", "x-1"))
    for copy in (Model.from_dict(model.to_dict()), Model.from_json(model.to_json())):
        assert (copy.id, copy.version, copy.params) == (model.id, model.version, model.params)
