"""A conversation: what was said, with which model, and how that is sent and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import kind_of
from aixplain.cli.failures import UsageProblem
from aixplain.cli.inputs import main_input
from aixplain.v2.model import Model

#: The inputs that the conversation itself fills.
OWN = frozenset({"text", "history"})


class Said(msgspec.Struct):
    """A message."""

    role: Literal["user", "assistant", "system"]
    content: str


class Kept(msgspec.Struct):
    """A conversation in a file."""

    model: str
    system: str = ""
    settings: dict[str, Any] = {}
    messages: list[Said] = []


class Conversation:
    """Messages to and from a model. Raises `UsageProblem` for a model that takes no text."""

    def __init__(self, model: Model, system: str = "") -> None:
        self.messages: list[Said] = []
        self.settings: dict[str, Any] = {}
        self.system = system
        self.model = model
        self.use(model)

    def use(self, model: Model) -> None:
        """Go on with this model; what it doesn't take of the settings is left out. Raises `UsageProblem`."""
        parameters = {parameter.name: parameter for parameter in model.params}
        main = main_input(parameters)
        if main is None or (main in parameters and kind_of(parameters[main]) not in ("text", None)):
            raise UsageProblem(f"{model.path or 'The model'} takes no text, so there is no talking with it.")
        self._main, self._parameters = main, parameters
        self.model = model

    @property
    def remembers(self) -> bool:
        """Whether the model is told what was said before."""
        return not self._parameters or "history" in self._parameters

    def inputs(self, text: str) -> dict[str, Any]:
        """A run's inputs for the next message."""
        before = [{"role": each.role, "content": each.content} for each in self.messages]
        inputs = {name: value for name, value in self.settings.items() if self._takes(name)}
        if self.system and self._takes("context"):
            inputs["context"] = self.system
        elif self.system:
            before = [{"role": "system", "content": self.system}, *before]
        if before and self.remembers:
            inputs["history"] = _as_taken(self._parameters.get("history"), before)
        return {**inputs, self._main: text}

    def add(self, text: str, answer: str) -> None:
        """Note a message and its answer."""
        self.messages += [Said("user", text), Said("assistant", answer)]

    def undo(self) -> bool:
        """Take back the last message and its answer; False when there is none."""
        taken = len(self.messages) > 0
        del self.messages[-2:]
        return taken

    def _takes(self, name: str) -> bool:
        return not self._parameters or name in self._parameters

    def save(self, path: Path) -> None:
        """Keep it in a file, as JSON."""
        kept = Kept(self.model.path or self.model.id or "", self.system, self.settings, self.messages)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")

    def restore(self, kept: Kept, model: Model) -> None:
        """Go on with what was kept."""
        self.use(model)
        self.system, self.settings, self.messages = kept.system, kept.settings, kept.messages


def read(path: Path) -> Kept:
    """A conversation that was saved. Raises `UsageProblem`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except OSError as error:
        raise UsageProblem(f"'{path}' can't be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise UsageProblem(f"'{path}' is no conversation that /save has written: {error}.") from error


def _as_taken(parameter: Parameter | None, messages: list[dict[str, str]]) -> Any:
    """The history, as text where the model takes text."""
    is_text = parameter is not None and kind_of(parameter) == "text"
    return msgspec.json.encode(messages).decode() if is_text else messages
