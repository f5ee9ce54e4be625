"""A page of models, a model, and its inputs, in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aixplain._wire.validation import kind_of
from aixplain.v2._notebook.marks import code, faint, line, long_text, strong, table, text, value

if TYPE_CHECKING:
    from aixplain._wire.messages import Parameter
    from aixplain.v2._inputs.proxy import InputsProxy
    from aixplain.v2._model_base import ModelBase
    from aixplain.v2.resource import PageParts


def page_html(page: PageParts[Any]) -> str:
    """The models of a page, and where it stands among the pages."""
    rows = [_row(each) for each in page.results]
    where = f"{len(page)} of {page.total:,}, page {page.page_number + 1} of {max(page.page_total, 1)}"
    return table(("model", "function", "what it is"), rows) + line(faint(where))


def _row(model: Any) -> tuple[str, str, str]:
    about = next(iter((model.description or model.name or "").strip().splitlines()), "")
    return code(model.path or model.id), text(model.function or ""), text(about)


def model_html(model: ModelBase) -> str:
    """A model: what it is, its facts, its inputs with their values."""
    head = line(strong(model.name), code(model.path or model.id), faint(model.function or ""))
    about = long_text(model.description.strip()) if model.description else ""
    facts = faint(" · ".join(f"{name} {said}" for name, said in _facts(model) if said))
    return head + about + line(facts) + inputs_html(model.inputs)


def _facts(model: ModelBase) -> list[tuple[str, str]]:
    price = model.pricing
    unit = " ".join(filter(None, (price.unit_type_scale, price.unit_type))) if price is not None else ""
    version = model.version.name if model.version is not None else None
    ways = [*(model.connection_type or ()), *(["streams"] if model.supports_streaming else [])]
    return [
        ("supplied by", str((model.vendor.name if model.vendor is not None else None) or "")),
        ("made by", " ".join(filter(None, (model.developer, version)))),
        ("price", f"{price.price:g} credits{f' per {unit}' if unit else ''}" if price is not None and price.price else ""),
        ("runs", ", ".join(ways)),
        *((str(each.name), str(each.value)) for each in model.attributes),
    ]


def inputs_html(inputs: InputsProxy) -> str:
    """The inputs with the values that they have now."""
    parameters = inputs._form.parameters.values()
    if not parameters:
        return line(faint("The service doesn't tell what inputs there are."))
    return table(("input", "value", "type", "about"), [_input(each, inputs[each.name]) for each in parameters])


def _input(parameter: Parameter, given: Any) -> tuple[str, str, str, str]:
    shown = faint("required") if given is None and parameter.required else value(given)
    kind = ("several " if parameter.multiple_values else "") + (kind_of(parameter) or "any")
    return code(parameter.name), shown, text(kind), f"{text(parameter.description or '')} {faint(_limits(parameter))}"


def _limits(parameter: Parameter) -> str:
    if parameter.options:
        return "one of " + ", ".join(map(str, parameter.options))
    low = f"from {parameter.minimum:g}" if parameter.minimum is not None else ""
    high = f"to {parameter.maximum:g}" if parameter.maximum is not None else ""
    return f"{low} {high}".strip()
