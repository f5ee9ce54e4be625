"""`aix show`: one model, with its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aixplain._wire.validation import kind_of
from aixplain.cli.output import print_json
from aixplain.cli.session import HubOption, JsonOption, ModelArgument, connect, find

if TYPE_CHECKING:
    from aixplain._wire.messages import Parameter
    from aixplain.v2._model_base import ModelBase


def show(model: ModelArgument, hub: HubOption = None, json: JsonOption = False) -> None:
    """Show a model and its inputs."""
    with connect(hub) as aix:
        found = find(aix, model)
        if json:
            print_json(found.to_dict())
        else:
            print_model(found)


def print_model(model: ModelBase) -> None:
    """A model as a person reads it."""
    from aixplain.cli.screen import console, print_table, print_trimmed

    console.print(model.name or "", style="bold", end="  ")
    console.print(model.path or model.id, style="cyan")
    if model.description:
        print_trimmed(model.description.strip())
    console.print()
    print_table(("", ""), [(name, value) for name, value in _facts(model) if value])
    if model.params:
        console.print()
        print_table(("input", "type", "default", "about"), [_input(each) for each in model.params])


def _facts(model: ModelBase) -> list[tuple[str, str]]:
    version = model.version.name if model.version else None
    ways = [*(model.connection_type or []), *(["streams"] if model.supports_streaming else [])]
    return [
        ("id", model.id or ""),
        ("function", model.function or ""),
        ("made by", " ".join(filter(None, (model.developer, version)))),
        ("supplier", (model.vendor.name if model.vendor else None) or ""),
        ("runs", ", ".join(ways)),
        *((attribute.name, str(attribute.value)) for attribute in model.attributes),
    ]


def _input(parameter: Parameter) -> tuple[str, str, str, str]:
    kind = kind_of(parameter) or "any"
    several = "several " if parameter.multiple_values else ""
    default = "required" if parameter.required else _text(parameter.default)
    limits = _limits(parameter)
    about = " ".join(filter(None, (parameter.description, f"({limits})" if limits else "")))
    return parameter.name, several + kind, default, about


def _limits(parameter: Parameter) -> str:
    if parameter.options:
        return "one of " + ", ".join(map(str, parameter.options))
    low = f"from {_text(parameter.minimum)}" if parameter.minimum is not None else ""
    if parameter.max_length is not None:
        return f"at most {parameter.max_length:,} characters"
    high = f"to {_text(parameter.maximum)}" if parameter.maximum is not None else ""
    return f"{low} {high}".strip()


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, str):
        return value or ""
    import msgspec

    return msgspec.json.encode(value).decode()
