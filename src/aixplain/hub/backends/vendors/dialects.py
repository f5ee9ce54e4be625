"""What differs from vendor to vendor, as far as the library leaves it to its callers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from aixplain._wire.messages import Parameter
from aixplain.hub.backends.openai import parameters

#: What every vendor takes.
_ALL = frozenset(
    {"text", "prompt", "context", "history", "data", "messages", "temperature", "max_tokens", "max_completion_tokens", "top_p"}
    | {"stop", "tools", "tool_choice", "response_format", "reasoning_effort"}
)
#: How long a model reasons, in the library's words.
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

#: Most vendors know one limit, which their reasoning counts towards.
_ONE_LIMIT = {"max_completion_tokens": "max_tokens"}


class Dialect(msgspec.Struct, frozen=True):
    """One vendor: what its chat models take beside what all do, and how the library is told things.

    `address` is the name under which it takes another address than the vendor's own; None for a vendor that has no other.
    `dimensions` is where it takes the length of vectors: a name, or several that lead into objects.
    """

    takes: frozenset[str] = frozenset()
    address: str | None = "api_base"
    dimensions: tuple[str, ...] = ("dimensions",)
    listing: dict[str, Any] = {}
    always: dict[str, Any] = {}
    """What a request has unless it is told otherwise."""
    renamed: dict[str, str] = msgspec.field(default_factory=_ONE_LIMIT.copy)
    """What the library passes on as it is named, and the vendor calls otherwise."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the chat models take, as the catalog tells it."""
        return tuple(self._ranged(each) for each in parameters.CHAT if each.name in _ALL | self.takes)

    def length(self, dimensions: float) -> dict[str, Any]:
        """The options that ask for vectors of this length."""
        told: Any = dimensions
        for name in reversed(self.dimensions):
            told = {name: told}
        return dict(told)

    def _ranged(self, parameter: Parameter) -> Parameter:
        if parameter.name == "reasoning_effort":
            options = [{"value": effort, "label": effort} for effort in _EFFORTS]
            return replace(parameter, available_options=options)
        return parameter


_ANTHROPIC = Dialect(
    takes=frozenset({"top_k", "parallel_tool_calls", "extra_body"}),
    listing={"limit": 1000},
    always={"max_tokens": 8192},  # it must be told
)
_GOOGLE = Dialect(
    takes=frozenset({"top_k", "seed", "frequency_penalty", "presence_penalty"}),
    dimensions=("config", "output_dimensionality"),
)
_OPENAI = Dialect(takes=frozenset(each.name for each in parameters.CHAT) - {"top_k", "min_p"}, renamed={})
_DIALECTS = {
    "anthropic": _ANTHROPIC,
    "azureanthropic": _ANTHROPIC,
    "vertexaianthropic": replace(_ANTHROPIC, address="base_url"),
    "gemini": _GOOGLE,
    "vertexai": replace(_GOOGLE, address=None),
    "voyage": Dialect(address=None),
    "openai": _OPENAI,
    "azureopenai": _OPENAI,
    "cohere": Dialect(
        takes=frozenset({"seed", "frequency_penalty", "presence_penalty"}),
        address="base_url",
        dimensions=("output_dimension",),
        renamed={**_ONE_LIMIT, "top_p": "p", "stop": "stop_sequences"},
    ),
}


def dialect_of(vendor: str) -> Dialect:
    """What is known of a vendor."""
    return _DIALECTS.get(vendor, Dialect())
