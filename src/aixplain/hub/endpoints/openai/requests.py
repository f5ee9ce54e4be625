"""What a client asks of a chat, as the inputs of a run. What a model can't honour is refused, never dropped."""

from __future__ import annotations

from typing import Any

from aixplain._wire.validation import kind_of
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints.openai.errors import Unfit, named

#: Two names of one thing: models have either.
_SYNONYMS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
#: Says for whom a request is, or how it is kept and billed; an answer is the same without.
_ABOUT = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"}
)
#: Values that ask for what every model does.
_USUAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "temperature": (1,),
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logprobs": (False,),
    "logit_bias": ({},),
    "stop": ([],),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
}
#: Inputs that the messages become.
_SPOKEN = frozenset({"text", "data", "context", "history", "messages"})
_SYSTEM = ("system", "developer")


def inputs_of(entry: Entry, wanted: dict[str, Any]) -> dict[str, Any]:
    """The inputs for what a client wants: its messages, and what else it says. Raises `Unfit`."""
    said = _said(entry, wanted.pop("messages", None))
    return {**said, **further_inputs(entry, wanted)}


def further_inputs(entry: Entry, wanted: dict[str, Any]) -> dict[str, Any]:
    """The inputs for what a client says beside its text. Raises `Unfit` for what the model doesn't know."""
    names = entry.names
    inputs: dict[str, Any] = {}
    beyond: dict[str, Any] = {}
    for asked, value in wanted.items():
        name = asked if asked in names else _SYNONYMS.get(asked, asked)
        if value is None:
            continue
        if name in names and name not in _SPOKEN:
            inputs[name] = value
        elif "extra_body" in names:
            beyond[asked] = value
        elif asked not in _ABOUT and value not in _USUAL.get(asked, ()):
            raise Unfit(f"Model '{entry.path}' has no '{asked}'; it takes {named(entry.parameters)}. Leave it out.", asked)
    return {**inputs, "extra_body": beyond} if beyond else inputs


def _said(entry: Entry, messages: Any) -> dict[str, Any]:
    """The messages as they are for a model that takes such, else as texts."""
    if not (isinstance(messages, list) and messages and all(isinstance(each, dict) for each in messages)):
        raise Unfit('messages is a list such as [{"role": "user", "content": "…"}].', "messages")
    if "messages" in entry.names:
        return {"messages": messages}
    system = [each for each in messages if each.get("role") in _SYSTEM]
    *before, last = [each for each in messages if each.get("role") not in _SYSTEM] or [{}]
    if last.get("role") != "user":
        raise Unfit(f"Model '{entry.path}' answers a message of the user, and the last one here is none.", "messages")
    inputs: dict[str, Any] = {_text_input(entry): _text(entry, last)}
    if system:
        _check_takes(entry, "context", "messages of the system")
        inputs["context"] = "\n\n".join(_text(entry, each) for each in system)
    if before:
        _check_takes(entry, "history", "messages that came before")
        inputs["history"] = before
    return inputs


def _text_input(entry: Entry) -> str:
    """The input that a message becomes: `text`, or else the first that must be there."""
    texts = [each.name for each in entry.parameters if kind_of(each) == "text" and (each.required or each.name == "text")]
    if texts:
        return "text" if "text" in texts else texts[0]
    raise Unfit(f"Model '{entry.path}' is none to chat with: it takes {named(entry.parameters)}.", "model")


def _check_takes(entry: Entry, name: str, what: str) -> None:
    if name not in entry.names:
        raise Unfit(
            f"Model '{entry.path}' takes no {what}: it has no input '{name}'. Send the user's message alone.", "messages"
        )


def _text(entry: Entry, message: dict[str, Any]) -> str:
    """The text of a message, whose content may be parts of it."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in parts]
    if not all(isinstance(text, str) for text in texts):
        raise Unfit(f"Model '{entry.path}' takes text, and the content of a message here is something else.", "messages")
    return "".join(str(text) for text in texts)
