"""Local files among the inputs: a path, an open file, bytes, or a string that names an existing file."""

from __future__ import annotations

import io
import mimetypes
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import FILE_TYPES
from aixplain.v2.exceptions import FileUploadError


@dataclass(slots=True)
class LocalFile:
    """A file that is about to go up. It is read when it is sent, not before."""

    name: str
    content_type: str
    source: Path | io.IOBase | bytes

    def read(self) -> bytes:
        """The whole content. Raises `FileUploadError`."""
        if isinstance(self.source, bytes):
            return self.source
        try:
            content = self.source.read_bytes() if isinstance(self.source, Path) else self.source.read()
        except OSError as error:
            raise FileUploadError(f"{self.name} can't be read: {error.strerror or error}") from error
        if not isinstance(content, bytes):
            raise FileUploadError(f"{self.name} is open as text; open it with open(path, 'rb')")
        return content


def local_files(parameters: Iterable[Parameter], inputs: Mapping[str, Any]) -> dict[str, LocalFile]:
    """The inputs that are local files, by name. Raises `FileUploadError` for a path where no file is."""
    found = {each.name: local_file(each, inputs[each.name]) for each in parameters if each.name in inputs}
    return {name: file for name, file in found.items() if file is not None}


def local_file(parameter: Parameter, value: Any) -> LocalFile | None:
    """The file that a value stands for; None when the parameter takes none, or the value is an address."""
    if parameter.data_type not in FILE_TYPES:
        return None
    if isinstance(value, bytes | bytearray):
        return LocalFile(f"{parameter.name}.bin", "application/octet-stream", bytes(value))
    if isinstance(value, str):
        return _at(Path(value)) if "://" not in value and _is_file(value) else None
    if isinstance(value, os.PathLike):
        return _at(Path(value))
    if isinstance(value, io.IOBase):
        name = Path(str(getattr(value, "name", parameter.name))).name
        return LocalFile(name, _content_type(name), value)
    return None


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a text too long for a name, or with a NUL in it
        return False


def _at(path: Path) -> LocalFile:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise FileUploadError(f"The file {path} {what}. Check the path; it is read from {Path.cwd()}")
    return LocalFile(path.name, _content_type(path.name), path)


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
