"""What begins with a slash in `aix chat`: each command is a function, and the first line of its docstring its help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aixplain._wire.validation import did_you_mean
from aixplain.cli.conversation import OWN, Conversation, read
from aixplain.cli.failures import UsageProblem
from aixplain.cli.inputs import typed_inputs
from aixplain.cli.output import as_text, note
from aixplain.v2.model import Model

#: Finds a model by its id or path.
Find = Callable[[str], Model]


class Leave(Exception):
    """The conversation is over."""


def obey(line: str, conversation: Conversation, find: Find) -> None:
    """Do what a line that begins with a slash says. Raises `UsageProblem` for what can't be done, `Leave` to end."""
    name, _, rest = line[1:].strip().partition(" ")
    if name not in COMMANDS:
        raise UsageProblem(f"There is no /{name}{did_you_mean(name, COMMANDS)}. /help lists what there is.")
    COMMANDS[name](conversation, rest.strip(), find)


def _help(conversation: Conversation, rest: str, find: Find) -> None:
    """What there is."""
    for name, command in COMMANDS.items():
        note(f"  {'/' + name} {USAGE.get(name, '')}".ljust(21) + (command.__doc__ or ""))
    note("Ctrl-C stops an answer, and keeps what came of it.")


def _system(conversation: Conversation, rest: str, find: Find) -> None:
    """How the model is to behave; - takes it back."""
    if rest:
        conversation.system = "" if rest == "-" else rest
    note(conversation.system or "Nothing is said to the model of how to behave. /system TEXT says it.")


def _model(conversation: Conversation, rest: str, find: Find) -> None:
    """Go on with another model, or tell which it is."""
    if rest:
        conversation.use(find(rest))
    memory = "" if conversation.remembers else ", which is not told what was said before: each message stands alone"
    note(f"This is {conversation.model.path or conversation.model.id}{memory}.")


def _set(conversation: Conversation, rest: str, find: Find) -> None:
    """Set an input for what follows, or list them; NAME= unsets."""
    name, equals, value = rest.partition("=")
    if not rest:
        for each in conversation.model.params:
            if each.name not in OWN:
                shown = conversation.settings.get(each.name, each.default)
                note(f"  {each.name} = {'' if shown is None else as_text(shown)}")
    elif not equals or name in OWN:
        raise UsageProblem("An input is set as in /set temperature=0.5; /set lists them.")
    elif not value:
        conversation.settings.pop(name, None)
    else:
        conversation.settings.update(typed_inputs(conversation.model, [rest]))


def _save(conversation: Conversation, rest: str, find: Find) -> None:
    """Keep the conversation in a file, as JSON."""
    conversation.save(_file(rest, "save"))
    note(f"Saved {len(conversation.messages)} messages in {rest}.")


def _load(conversation: Conversation, rest: str, find: Find) -> None:
    """Go on with a conversation that was saved."""
    kept = read(_file(rest, "load"))
    conversation.restore(kept, find(kept.model))
    note(f"Went on with {len(kept.messages)} messages with {kept.model}.")


def _file(name: str, command: str) -> Path:
    if not name:
        raise UsageProblem(f"/{command} is followed by the name of a file.")
    return Path(name).expanduser()


def _clear(conversation: Conversation, rest: str, find: Find) -> None:
    """Forget what was said; how to behave and what is set stay."""
    conversation.messages.clear()
    note("What was said is forgotten.")


def _undo(conversation: Conversation, rest: str, find: Find) -> None:
    """Take back the last message and its answer."""
    note("The last message and its answer are taken back." if conversation.undo() else "Nothing was said yet.")


def _leave(conversation: Conversation, rest: str, find: Find) -> None:
    """End the conversation."""
    raise Leave


COMMANDS: dict[str, Callable[[Conversation, str, Find], None]] = {
    "help": _help,
    "system": _system,
    "model": _model,
    "set": _set,
    "save": _save,
    "load": _load,
    "clear": _clear,
    "undo": _undo,
    "quit": _leave,
}
USAGE = {"system": "[TEXT]", "model": "[MODEL]", "set": "[NAME=VALUE]", "save": "FILE", "load": "FILE"}
