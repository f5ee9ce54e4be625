"""A small LLM that does what a test can foresee, and a hub that serves it beside other models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, ModelError, Output

Messages = list[dict[str, Any]]


def hub_with_an_llm() -> Hub:
    """A hub with `acme/llm`, which calls tools and keeps to formats, and a few functions."""
    hub = Hub(builtin=False, keys=["a-key"])

    @hub.model("acme/llm", function="text-generation")
    def llm(
        messages: Messages,
        tools: list[dict[str, Any]] | None = None,
        tool_choice: Any = None,
        response_format: dict[str, Any] | None = None,
        temperature: float = 1,
    ) -> Output:
        """Calls the first tool with what the user says, and tells what came of it; fills a schema's fields with that."""
        last = messages[-1]
        if tools and last["role"] == "user":
            return answer(None, tool_calls=[call(tools[0]["function"], last["content"])])
        if response_format and "json_schema" in response_format:
            fields = response_format["json_schema"]["schema"]["properties"]
            return answer(json.dumps(dict.fromkeys(fields, last["content"])))
        return answer(f"You said: {last['content']}")

    @hub.model("acme/count", function="text-generation")
    def count(text: str) -> Iterator[str]:
        """Counts, in pieces."""
        yield from (f"{number} " for number in range(3))

    @hub.model("acme/shout")
    def shout(text: str) -> str:
        """Says it louder."""
        return text.upper() + "!"

    @hub.model("acme/busy")
    def busy(text: str) -> Iterator[str]:
        """Has no time at first."""
        if text != "please":
            raise ModelError("too many of you", 429, 0.01)
        yield "here I am"

    @hub.model("acme/broken")
    def broken(text: str) -> Iterator[str]:
        """Fails half-way."""
        yield "one "
        raise ZeroDivisionError("by design")

    @hub.model("acme/vectors", function="text-embedding")
    def vectors(text: list[str]) -> list[list[float]]:
        """As long as the text."""
        return [[float(len(each)), 0.5] for each in text]

    return hub


def call(function: dict[str, Any], text: str) -> dict[str, Any]:
    """A call of a function whose first argument is a text."""
    name = next(iter(function["parameters"]["properties"]))
    return {"id": "call_1", "type": "function", "function": {"name": function["name"], "arguments": json.dumps({name: text})}}


def answer(content: str | None, **message: Any) -> Output:
    """The answer of a chat."""
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": reason}
    return Output(content or "", details=[choice], usage=Usage(3, 2, 5))
