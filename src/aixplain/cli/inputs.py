"""What is typed after `aix run MODEL`, as inputs: text, key=value, @file, and what is piped in."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import FILE_TYPES, did_you_mean
from aixplain.cli.failures import UsageProblem
from aixplain.v2._model_base import ModelBase

_NAMED = re.compile(r"([A-Za-z_][\w-]*)=(.*)", re.DOTALL)
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_inputs(model: ModelBase, words: list[str]) -> dict[str, Any]:
    """The inputs of a run. Raises `UsageProblem` for a word that can't be one."""
    parameters = {parameter.name: parameter for parameter in model.params}
    inputs: dict[str, Any] = {}
    for word in words or _piped():
        name, text = _split(word, parameters, model)
        value = _value(parameters.get(name), name, text)
        if name in inputs:
            earlier = inputs[name]
            value = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        inputs[name] = value
    return inputs


def _piped() -> list[str]:
    """`-` when something is piped in and nothing was typed."""
    return [] if sys.stdin is None or sys.stdin.isatty() else ["-"]


def _split(word: str, parameters: dict[str, Parameter], model: ModelBase) -> tuple[str, str]:
    named = _NAMED.fullmatch(word)
    if named and (named[1] in parameters or not parameters):
        return named[1], named[2]
    if named and " " not in named[1] and not any(char.isspace() for char in word):
        hint = did_you_mean(named[1], parameters)
        raise UsageProblem(f"{model.name} has no input '{named[1]}'{hint}. For a text with = in it, write text='{word}'")
    return _main_input(parameters, model), word


def _main_input(parameters: dict[str, Parameter], model: ModelBase) -> str:
    """The input that a bare word is: `text`, else the first one that a run must have."""
    if "text" in parameters or not parameters:
        return "text"
    required = [parameter.name for parameter in parameters.values() if parameter.required]
    if not required:
        raise UsageProblem(f"{model.name} has no main input; name one, as in {next(iter(parameters))}=…")
    return required[0]


def _value(parameter: Parameter | None, name: str, text: str) -> Any:
    kind = parameter.data_type if parameter else "text"
    if kind in FILE_TYPES:
        return _file(text.removeprefix("@")) if text.startswith("@") or "://" not in text else text
    if text == "-":
        return _convert(kind, name, sys.stdin.read())
    if text.startswith("@"):
        return _convert(kind, name, _read(text[1:]))
    return _convert(kind, name, text)


def _convert(kind: str | None, name: str, text: str) -> Any:
    if kind == "boolean":
        if text.strip().lower() not in _YES_OR_NO:
            raise UsageProblem(f"{name} is true or false, not '{text}'")
        return _YES_OR_NO[text.strip().lower()]
    if kind in ("json", "array"):
        return _parsed(name, text)
    return text


def _parsed(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UsageProblem(f"{name} is JSON, and this is not: {error}") from error


def _file(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise UsageProblem(f"The file {path} {what}. Check the path; it is read from {Path.cwd()}")
    return path


def _read(name: str) -> str:
    try:
        return _file(name).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"The file {name} is not UTF-8 text, and this input takes text") from error
    except OSError as error:
        raise UsageProblem(f"The file {name} can't be read: {error.strerror}") from error
