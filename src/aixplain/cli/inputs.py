"""What is typed after `aix run MODEL`, as inputs: text, key=value, @file, and what is piped in."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from aixplain._wire.messages import CLIENT_CONTROLS, Parameter
from aixplain._wire.validation import FILE_TYPES, did_you_mean, kind_of
from aixplain.cli.failures import UsageProblem
from aixplain.v2.model import Model

_NAMED = re.compile(r"([A-Za-z_][\w-]*)=(.*)", re.DOTALL)
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

#: What steers a run that is an option of `aix run`.
_OPTIONS = {"timeout": " Use --timeout.", "stream": " Use --stream."}


def read_inputs(model: Model, words: list[str]) -> dict[str, Any]:
    """The inputs of a run; what is piped in is the main one, unless that was typed. Raises `UsageProblem`."""
    parameters = {parameter.name: parameter for parameter in model.params}
    main = main_input(parameters)
    inputs = typed_inputs(model, words)
    if main is not None and main not in inputs and _wants_pipe(parameters.get(main), words) and _piped():
        inputs[main] = _value(_kind(parameters, main), main, "-")
    return inputs


def typed_inputs(model: Model, words: list[str]) -> dict[str, Any]:
    """The inputs that were typed, whatever is piped in. Raises `UsageProblem`."""
    parameters = {parameter.name: parameter for parameter in model.params}
    main = main_input(parameters)
    inputs: dict[str, Any] = {}
    for word in words:
        name, text = _split(word, parameters, main, model)
        _add(inputs, name, _value(_kind(parameters, name), name, text), parameters.get(name))
    return inputs


def cell_input(parameter: Parameter | None, value: Any) -> Any:
    """A cell of a table as its input takes it; what can't be is left as it is, for the model's own check to tell."""
    kind = (kind_of(parameter) if parameter is not None else None) or "text"
    if not isinstance(value, str) or (kind in FILE_TYPES and "://" in value):
        return value
    if kind in FILE_TYPES:
        return Path(value).expanduser()
    if parameter is not None and parameter.multiple_values:
        kind = "array" if value.startswith("[") else kind
    try:
        return _CONVERTERS.get(kind, _text)(parameter.name if parameter is not None else "text", value)
    except UsageProblem:
        return value


def main_input(parameters: Mapping[str, Parameter]) -> str | None:
    """The input that a bare word is: `text`, else the first one that a run must have."""
    if "text" in parameters or not parameters:
        return "text"
    return next((parameter.name for parameter in parameters.values() if parameter.required), None)


def _split(word: str, parameters: Mapping[str, Parameter], main: str | None, model: Model) -> tuple[str, str]:
    """The name and the text in a word. Raises `UsageProblem` for a name that can't be an input."""
    named = _NAMED.fullmatch(word)
    if named and named[1] in _steering(model):
        raise UsageProblem(f"'{named[1]}' steers the run, and is no input.{_OPTIONS.get(named[1], '')}")
    if named and (named[1] in parameters or not parameters):
        return named[1], named[2]
    where = model.path or "The model"
    if named and _is_misspelt(named[1], word, parameters):
        otherwise = f" For a text with = in it, write {main}='{word}'." if main else ""
        raise UsageProblem(f"{where} has no input '{named[1]}'{did_you_mean(named[1], parameters)}.{otherwise}")
    if main is None:
        raise UsageProblem(f"{where} has no main input; name one, as in {next(iter(parameters))}=…")
    return main, word


def _steering(model: Model) -> set[str]:
    """The names that a call of `run` takes for itself."""
    named = inspect.signature(type(model).run).parameters.values()  # the method, without the model's own
    return {*CLIENT_CONTROLS, *(parameter.name for parameter in named if parameter.kind is parameter.KEYWORD_ONLY)}


def _is_misspelt(name: str, word: str, parameters: Mapping[str, Parameter]) -> bool:
    """`txt=hi there` is meant as an input; `E=mc² is famous` is a text."""
    return not any(map(str.isspace, word)) or bool(difflib.get_close_matches(name, parameters, n=1))


def _add(inputs: dict[str, Any], name: str, value: Any, parameter: Parameter | None) -> None:
    """Note a value; an input that takes several, or that was named before, becomes a list."""
    if name in inputs:
        earlier = inputs[name]
        inputs[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
    else:
        inputs[name] = [value] if parameter is not None and parameter.multiple_values else value


def _kind(parameters: Mapping[str, Parameter], name: str) -> str:
    return (kind_of(parameters[name]) if name in parameters else None) or "text"


# --- Values ---------------------------------------------------------------------------------------


def _value(kind: str, name: str, text: str) -> Any:
    if kind in FILE_TYPES:
        return _file_input(text)
    return _CONVERTERS.get(kind, _text)(name, content_of(text))


def _text(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageProblem(f"What was typed for {name} is no UTF-8 text. Put it into a file as UTF-8: {name}=@FILE") from error
    return text


def _boolean(name: str, text: str) -> bool:
    if text.strip().lower() not in _YES_OR_NO:
        raise UsageProblem(f"{name} is true or false, not '{text}'.")
    return _YES_OR_NO[text.strip().lower()]


def _number(name: str, text: str) -> int | float:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    raise UsageProblem(f"{name} is a number, not '{text}'.")


def _json(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise UsageProblem(f"{name} is JSON, such as {name}='{{\"key\": 1}}', and this is not: {error}.") from error


_CONVERTERS: dict[str, Callable[[str, str], Any]] = {
    "array": _json,
    "boolean": _boolean,
    "json": _json,
    "number": _number,
}


# --- Where values come from -----------------------------------------------------------------------


def content_of(text: str) -> str:
    """The text itself, or that of the file or the pipe that it names."""
    if text == "-":
        return _decoded(_piped(), "What is piped in")
    if text.startswith("@"):
        return _decoded(_read(_existing(text[1:])), f"The file {text[1:]}")
    return text


def _decoded(content: bytes, what: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{what} is not UTF-8 text, and this input takes text.") from error


def _file_input(text: str) -> Path | str | bytes:
    """What an input of a file type is: a local file, an address, or what is piped in."""
    if text == "-":
        return _piped()
    return text if "://" in text and not text.startswith("@") else _existing(text.removeprefix("@"))


def _existing(name: str) -> Path:
    path = Path(name).expanduser()
    if path.exists() and not path.is_dir():  # a pipe is a file too: @<(command)
        return path
    what = "is a folder" if path.is_dir() else "is not there"
    hint = "" if path.is_absolute() else f"; it is looked for in {Path.cwd()}"
    raise UsageProblem(f"The file '{name}' {what}. Check the path{hint}. (A text that begins with @ can be piped in.)")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageProblem(f"The file {path} can't be read: {error.strerror}.") from error


def _wants_pipe(main: Parameter | None, words: list[str]) -> bool:
    """Whether to look for the main input in a pipe: it must be given, or nothing else was."""
    if sys.stdin is None or sys.stdin.isatty():
        return False
    return not words or main is None or main.required


@functools.cache
def _piped() -> bytes:
    """All that is piped in; empty when nothing is."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read()
