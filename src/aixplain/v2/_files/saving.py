"""An output on its way to the disk: under a passing name, which becomes its own once it is whole."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from aixplain.v2._files.outputs import Output, name_of
from aixplain.v2._flow import TransportFailure
from aixplain.v2._progress import Meter
from aixplain.v2.exceptions import FileSaveError


class Target:
    """Where a result goes: a file, or a folder with a file for each of its outputs."""

    def __init__(self, path: str | PathLike[str], *, several: bool, overwrite: bool) -> None:
        self.path = Path(path)
        self._several = several
        self._is_folder = several or os.fspath(path).endswith(("/", os.sep))
        self._overwrite = overwrite
        self.saved: list[Path] = []

    def prepare(self) -> None:
        """Raise `FileSaveError` for what is known to go wrong before anything is asked. Blocks."""
        with explained(self.path):
            self._is_folder = self._is_folder or self.path.is_dir()
            if self._several and self.path.is_file():
                raise FileSaveError(f"{self.path} is a file, and there are several outputs to save. Give a folder")
            if self._is_folder:
                self.path.mkdir(parents=True, exist_ok=True)
            else:
                self._check_free(self.path)

    def choose(self, name: str) -> Path:
        """The path of the next output, which wants this name."""
        if not self._is_folder:
            return self.path
        path, number = self.path / name, 1
        while path in self.saved:
            number += 1
            path = path.with_stem(f"{Path(name).stem}-{number}")
        self._check_free(path)
        return path

    def finish(self, part: Path, path: Path) -> None:
        """The output is whole."""
        self._check_free(path)
        part.replace(path)
        self.saved.append(path)

    def _check_free(self, path: Path) -> None:
        if path.exists() and not path.is_file():
            raise FileSaveError(f"{path} is no ordinary file, and was not touched. Give a file or a folder")
        if not self._overwrite and path.exists():
            raise FileSaveError(f"{path} is there already, and was not touched. save(…, overwrite=True) replaces it")


class Saving:
    """One output on its way to the disk: a sink. Nothing is left of it unless it came to its end."""

    def __init__(self, target: Target, output: Output, *, show_progress: bool) -> None:
        self.done = 0
        self._target, self._output, self._show_progress = target, output, show_progress
        self._path = target.path
        self._part: Path | None = None
        self._file: BinaryIO | None = None
        self._meter: Meter | None = None
        self._size: int | None = None
        self._over = False
        self._lock = Lock()  # on asyncio a cancellation discards it while a thread still writes

    def begin(self, headers: Mapping[str, str]) -> None:
        """Choose a name, and open the part."""
        length = headers.get("content-length", "")
        self._size = int(length) if length.isdigit() and "content-encoding" not in headers else None
        with self._lock, explained(self._path):
            if self._over:
                return
            self._path = self._target.choose(name_of(self._output, headers))
            self._part = self._path.with_name(f".{secrets.token_hex(8)}.part")
            self._file = self._part.open("xb")
            self._meter = Meter(self._path.name, self._size, wanted=self._show_progress).__enter__()

    def write(self, content: bytes) -> None:
        """Take the next bytes."""
        with self._lock, explained(self._path):
            if self._file is None or self._meter is None:
                return
            self._file.write(content)
            self.done += len(content)
            self._meter.moved(self.done)

    def end(self) -> None:
        """Give the file its name."""
        if self._size is not None and self.done != self._size:
            raise TransportFailure(f"{self.done} of {self._size} bytes came")
        with self._lock, explained(self._path):
            if self._file is not None and self._part is not None:
                self._file.close()
                self._target.finish(self._part, self._path)

    def take(self) -> None:
        """Save what is here already."""
        self.begin(self._output.headers)
        self.write(self._output.content)
        self.end()

    def discard(self) -> None:
        """Leave nothing behind but a whole file."""
        with self._lock:
            self._over = True
            with contextlib.suppress(OSError):  # what is wrong with the disk has been told already
                if self._file is not None:
                    self._file.close()
            with contextlib.suppress(OSError):
                if self._part is not None:  # also when a Ctrl-C came right after it was made
                    self._part.unlink()
            self._file = None
            if self._meter is not None:
                self._meter.__exit__(None, None, None)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """What the operating system says, in our words."""
    try:
        yield
    except FileSaveError:
        raise
    except FileNotFoundError as error:
        raise FileSaveError(f"{path} can't be written: there is no folder {path.parent}") from error
    except OSError as error:
        raise FileSaveError(f"{path} can't be written: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise FileSaveError(f"{str(path)!r} can't be written: {error}") from error
