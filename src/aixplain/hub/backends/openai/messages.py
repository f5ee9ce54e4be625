"""A run's inputs as the body of a completion: messages, and what else the service takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from aixplain._wire.validation import kind_of
from aixplain.hub.backends import ModelError
from aixplain.hub.backends.openai.parameters import CHAT

#: Inputs that become messages, or are looked into.
_OWN = frozenset({"text", "prompt", "context", "history", "data", "messages", "extra_body"})


def completion_request(model: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The body that asks a chat model for an answer. Raises `ModelError`."""
    return {**extra_body(inputs), **plain_request(model, inputs)}


def plain_request(model: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the keys that the caller wants to add. Raises `ModelError`."""
    body: dict[str, Any] = {"model": model, "messages": messages_of(inputs)}
    for name, value in inputs.items():
        if name not in _OWN:
            body[name] = _READ[name](value)
    return body


def extra_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that the caller wants to add to the body. Raises `ModelError`."""
    extra = json_value(inputs.get("extra_body") or {})
    if not isinstance(extra, dict):
        raise ModelError("Parameter 'extra_body' has invalid value. It is an object whose keys the upstream takes.")
    return extra


def messages_of(inputs: Mapping[str, Any]) -> list[Any]:
    """The conversation: what came before, and what is said now."""
    given = json_value(inputs.get("messages", inputs.get("data")))
    if isinstance(given, dict):
        given = given.get("messages", [given])
    said = given if isinstance(given, list) else []
    text = inputs.get("text", given if isinstance(given, str) else None)
    if text is not None:
        prompt = inputs.get("prompt")
        said = [*said, {"role": "user", "content": text if prompt is None else f"{prompt}\n\n{text}"}]
    before = json_value(inputs.get("history") or [])
    if not all(isinstance(each, dict) for each in (*_listed(before), *said)):
        raise ModelError('A message is an object such as {"role": "user", "content": "…"}; history and data are lists of them.')
    context = inputs.get("context")
    system = [] if context is None else [{"role": "system", "content": context}]
    return [*system, *before, *said]


def _listed(before: Any) -> list[Any]:
    return before if isinstance(before, list) else [None]


def json_value(value: Any) -> Any:
    """A value that may have been written as JSON text; text that is none stays text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def number(value: float | str) -> float:
    """A number that may have been written as text."""
    if not isinstance(value, str):
        return value
    found = float(value)
    return int(found) if found.is_integer() and "." not in value else found


def _as_it_is(value: Any) -> Any:
    return value


_BY_KIND: dict[str | None, Callable[[Any], Any]] = {"number": number, "json": json_value}
_READ = {parameter.name: _BY_KIND.get(kind_of(parameter), _as_it_is) for parameter in CHAT}
