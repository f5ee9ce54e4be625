"""Local files among the inputs: a path, an open file, bytes, or a string that names an existing file; and lists of them."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Protocol, runtime_checkable

from aixplain._wire.messages import Parameter
from aixplain._wire.validation import FILE_TYPES
from aixplain.v2._files.formats import HEAD, UNKNOWN, ending_of, sniff, type_of_name
from aixplain.v2.exceptions import FileUploadError

PIECE = 256 * 1024
MB = 1024 * 1024
#: Bytes of a longer text that no system takes for the path of a file.
LONGEST_PATH = 4096


@runtime_checkable
class Readable(Protocol):
    """An open binary file, or whatever else reads like one."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, `size` at most; none at the end."""
        ...


@runtime_checkable
class Seekable(Readable, Protocol):
    """A file that can be read again."""

    def seekable(self) -> bool:
        """False for one that only has the methods, such as a pipe."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, and tell which it is."""
        ...

    def tell(self) -> int:
        """Where it is read next."""
        ...


Source = Path | bytes | bytearray | memoryview | Readable
#: Opens a source at its start; what it gives is closed after each reading, unless it is the user's own.
Opener = Callable[[], contextlib.AbstractContextManager[Readable]]


class LocalFile:
    """A file that is about to go up: the body of a request. Nothing is read before `prepare`.

    An open file is read from where it stands. What can't be read twice, such as a pipe, is copied to a passing file first:
    a store wants to know the size before the bytes, and may lose them.
    """

    content_type = UNKNOWN
    size = 0
    _open: Opener

    def __init__(self, kind: str, name: str, source: Source, *, is_named: bool = True) -> None:
        self.kind, self.name = kind, name
        self.on_read: Callable[[int], None] | None = None
        """Told how many bytes were read, as they are sent."""
        self._source, self._is_named = source, is_named
        self._copy: io.BufferedRandom | None = None

    def prepare(self, largest: int | None = None) -> None:
        """Find out its size and its type. Blocks. Raises `FileUploadError` for what can't be sent, or is larger."""
        with self._explained():
            self._open, head = self._look(largest)
        if self.size == 0:
            raise FileUploadError(f"{self.name} is empty{self._why_empty()}")
        if largest is not None and self.size > largest:
            has = "more" if self._copy else f"{self.size / MB:.1f} MB"
            raise FileUploadError(
                f"{self.name} is too large: the platform takes {self.kind} files of up to {largest // MB} MB, and it has "
                f"{has}. Nothing was sent. Make it smaller, or split it into several runs."
            )
        by_name = type_of_name(self.name) if self._is_named else None
        self.content_type = by_name or sniff(head, self.kind)
        if not self._is_named:
            self.name += ending_of(self.content_type)

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self._explained(), self._open() as file:
            while left:
                piece = file.read(min(PIECE, left))
                left -= len(piece)
                if not piece or (left == 0 and file.read(1)):
                    raise FileUploadError(
                        f"{self.name} changed while it was sent: it had {self.size} bytes, and now has "
                        f"{'more' if piece else f'{self.size - left}'}. Send it again once nobody writes to it."
                    )
                if self.on_read is not None:
                    self.on_read(self.size - left)
                yield bytes(piece)

    def close(self) -> None:
        """Let go of the copy, if there is one. The user's own file stays open."""
        if self._copy is not None:
            self._copy.close()

    def _why_empty(self) -> str:
        if isinstance(self._source, Seekable) and self._copy is None:
            return " from where it stands. Was it read before? file.seek(0) goes back to its start"
        return " (0 bytes). Was it written, and closed?"

    def _look(self, largest: int | None) -> tuple[Opener, bytes]:
        """How it is opened, and its first bytes."""
        source = self._source
        if isinstance(source, Path):
            with source.open("rb") as file:
                return self._look_at(file, lambda: source.open("rb"), largest)
        if isinstance(source, bytes | bytearray | memoryview):
            return self._look_at(io.BytesIO(source), lambda: io.BytesIO(source), largest)
        return self._look_at(source, None, largest)

    def _look_at(self, file: Readable, opener: Opener | None, largest: int | None) -> tuple[Opener, bytes]:
        if not isinstance(file.read(0), bytes):
            raise FileUploadError(f"{self.name} does not read as bytes. Open it in binary mode: open(path, 'rb')")
        if not isinstance(file, Seekable) or not file.seekable():
            file, opener = self._copied(file, largest), None
        start = file.tell()
        head = file.read(HEAD)
        self.size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        return opener or (lambda: _at(file, start)), head

    def _copied(self, file: Readable, largest: int | None) -> Seekable:
        """A passing copy of what reads only once; no longer than is needed to see that it is too large."""
        from tempfile import TemporaryFile  # slow to import, and rarely needed

        self._copy = copy = TemporaryFile()  # noqa: SIM115 - closed by `close`
        while (piece := file.read(PIECE)) and (largest is None or copy.tell() <= largest):
            copy.write(piece)
        copy.seek(0)
        return copy

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """What the operating system, or the file, says in our words."""
        try:
            yield
        except io.UnsupportedOperation as error:
            raise FileUploadError(f"{self.name} is not open for reading. Open it with open(path, 'rb')") from error
        except OSError as error:
            raise FileUploadError(f"{self.name} can't be read: {error.strerror or error}.") from error
        except ValueError as error:  # Python's word for a closed file
            raise FileUploadError(f"{self.name} can't be read: {error}. Give it open, or its path.") from error


@contextlib.contextmanager
def _at(file: Seekable, place: int) -> Iterator[Readable]:
    file.seek(place)
    yield file


#: What one input has: a file, or a list with at least one.
Found = LocalFile | list[LocalFile | Any]


def local_files(parameters: Iterable[Parameter], inputs: Mapping[str, Any]) -> dict[str, Found]:
    """The inputs that are local files, by name. Raises `FileUploadError` for a path where no file is."""
    found = {each.name: local_file(each, inputs[each.name]) for each in parameters if each.name in inputs}
    return {name: files for name, files in found.items() if files is not None}


def local_file(parameter: Parameter, value: Any) -> Found | None:
    """The file that a value stands for, or the list with files; None when the parameter takes none, or there is none."""
    kind = parameter.data_type
    if kind not in FILE_TYPES or kind is None:
        return None
    if not (parameter.multiple_values and isinstance(value, list | tuple)):
        return _local(kind, parameter.name, value)
    several = [_local(kind, parameter.name, each) or each for each in value]
    return several if any(isinstance(each, LocalFile) for each in several) else None


def names_of(found: Found) -> Any:
    """What stands for a file, or a list with files, where inputs are checked: its name."""
    if isinstance(found, LocalFile):
        return found.name
    return [each.name if isinstance(each, LocalFile) else each for each in found]


def _local(kind: str, parameter: str, value: Any) -> LocalFile | None:
    if isinstance(value, str):
        return _at_path(kind, Path(value)) if _names_a_file(value) else None
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        return _at_path(kind, Path(os.fsdecode(path)))
    if isinstance(value, bytes | bytearray | memoryview):
        return LocalFile(kind, parameter, value, is_named=False)
    if isinstance(value, io.TextIOBase):
        raise FileUploadError(f"{_name_of(value) or parameter} is open as text. Open it with open(path, 'rb')")
    if isinstance(value, Readable):
        name = _name_of(value)
        return LocalFile(kind, name or parameter, value, is_named=name is not None)
    return None


def _name_of(file: Any) -> str | None:
    """An open file's own name; one that was opened by a number has none."""
    name = getattr(file, "name", None)
    return _shown(Path(os.fsdecode(name)).name) or None if isinstance(name, str | bytes) else None


def _names_a_file(value: str) -> bool:
    """Whether a text is meant as the name of a file, which may be missing: it is not an address, and not content."""
    if not value.strip() or "://" in value or value.lower().startswith("data:"):
        return False
    return len(value.encode("utf-8", "replace")) <= LONGEST_PATH and "\n" not in value and "\0" not in value


def _at_path(kind: str, path: Path) -> LocalFile:
    try:
        is_folder = S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        home = " A ~ is not resolved by itself: Path(…).expanduser() does." if path.parts[:1] == ("~",) else ""
        raise FileUploadError(
            f"The file {_shown(path)} is not there. Check the path; it is read from {_shown(Path.cwd())}.{home} "
            "An address begins with its scheme, such as https://."
        ) from error
    except (OSError, ValueError) as error:  # no permission to look, too long a name, a NUL in it
        reason = error.strerror if isinstance(error, OSError) else error
        raise FileUploadError(f"The file {_shown(path)} can't be read: {reason}.") from error
    if is_folder:
        raise FileUploadError(f"{_shown(path)} is a folder; a model takes a file. Pack it, or give one of its files")
    if not os.access(path, os.R_OK):
        raise FileUploadError(f"The file {_shown(path)} can't be read: you have no permission to. chmod +r gives it")
    return LocalFile(kind, _shown(path.name), path)


def _shown(name: str | Path) -> str:
    """A name as text in UTF-8: on some systems a file's name is any bytes."""
    return str(name).encode("utf-8", "replace").decode()
