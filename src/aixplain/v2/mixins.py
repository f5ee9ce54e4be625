"""What a resource can be used for besides itself."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypedDict, runtime_checkable


class ToolDict(TypedDict):
    """A model as a tool of an agent."""

    id: str
    name: str
    description: str
    supplier: str
    parameters: list[dict[str, Any]]
    function: str | None
    type: str
    version: str | None
    assetId: str


class OpenAIFunctionDict(TypedDict):
    """The function that a model is to an LLM; `parameters` is a JSON Schema."""

    name: str
    description: str
    parameters: dict[str, Any]


class OpenAIToolDict(TypedDict):
    """A model as a tool of an LLM, in OpenAI's shape."""

    type: Literal["function"]
    function: OpenAIFunctionDict


@runtime_checkable
class ToolableMixin(Protocol):
    """Anything that an agent can use as a tool."""

    def as_tool(self) -> ToolDict:
        """Describe it as a tool."""
        ...
