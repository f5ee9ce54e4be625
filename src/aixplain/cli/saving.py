"""`aix run -o`: the answer of a run in a file, a folder or, as bytes, on stdout."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from aixplain.cli.failures import UsageProblem
from aixplain.cli.new_file import NewFile, check_target
from aixplain.cli.output import for_terminal, note, print_json

if TYPE_CHECKING:
    from aixplain.v2.model import Model, ModelResult

STDOUT = "-"


class Saving:
    """Where an answer goes. Raises `UsageProblem` for what can't be written, before anything is run."""

    def __init__(self, target: str, *, overwrite: bool, json: bool) -> None:
        self._target, self._overwrite, self._json = target, overwrite, json
        if not target:
            raise UsageProblem("-o is followed by the name of a file, and this one is empty.")
        if target != STDOUT:
            _check(Path(target).expanduser(), overwrite=overwrite, is_folder=_is_folder(target))
            if json and _is_folder(target):
                raise UsageProblem("The whole answer as JSON (--json) goes into one file: name it with -o FILE.")

    def save(self, model: Model, result: ModelResult) -> None:
        """Save the answer whole, or nothing, and say where it is."""
        if self._target == STDOUT:
            print_json(result._raw_data) if self._json else _write_bytes(model, result)
            return
        path = Path(self._target).expanduser()
        if self._json:
            saved = [_write_json(path, result)]
        elif path.exists() and not path.is_dir() and not path.is_file():  # a device or a pipe
            path.write_bytes(_content(model, result))
            saved = [path]
        else:
            name = f"{path}/" if _is_folder(self._target) else str(path)
            found = model.save(result, name, overwrite=self._overwrite)
            saved = found if isinstance(found, list) else [found]
        from aixplain.cli.media import readable_size

        for each in saved:
            note(f"Saved {each}, {readable_size(each.stat().st_size)}.")


def _is_folder(target: str) -> bool:
    return target.endswith(("/", os.sep)) or Path(target).expanduser().is_dir()


def _check(path: Path, *, overwrite: bool, is_folder: bool) -> None:
    if is_folder:
        if path.exists() and not path.is_dir():
            raise UsageProblem(f"'{path}' is a file, not a folder. Leave the slash out, or name another.")
        return
    check_target(path)
    if path.is_file() and not overwrite:
        raise UsageProblem(f"'{path}' is there already, and nothing was run. Name another file, or add --overwrite.")
    NewFile(path).discard()  # whether its folder can be written


def _write_json(path: Path, result: ModelResult) -> Path:
    import msgspec

    new = NewFile(path)
    try:
        new.path.write_bytes(msgspec.json.format(msgspec.json.encode(result._raw_data), indent=2) + b"\n")
        new.commit()
    finally:
        new.discard()
    return path


def _content(model: Model, result: ModelResult) -> bytes:
    """The bytes of an answer that is one thing. Raises `UsageProblem` for several."""
    with tempfile.TemporaryDirectory(prefix="aix-") as folder:
        saved = model.save(result, Path(folder) / "answer")
        if isinstance(saved, list) and len(saved) != 1:
            raise UsageProblem(f"The answer has {len(saved)} files. Save them in a folder: -o FOLDER/")
        return (saved[0] if isinstance(saved, list) else saved).read_bytes()


def _write_bytes(model: Model, result: ModelResult) -> None:
    """Write the bytes of an answer to stdout; text alone to a terminal."""
    content = _content(model, result)
    if sys.stdout.isatty():
        try:
            sys.stdout.write(for_terminal(content.decode()))
        except UnicodeDecodeError as error:
            raise UsageProblem("The answer is binary, which a terminal can't show. Name a file: -o FILE") from error
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
