"""The file that a map is taken up from after it was stopped, or killed."""

from __future__ import annotations

import hashlib
import os
import sys
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import UNSET, UnsetType

from aixplain._wire.plain_data import plain
from aixplain.v2.exceptions import CheckpointError


class Header(msgspec.Struct):
    """The first line: what the file is, and whose."""

    aixplain_map: int
    model: str


class Entry(msgspec.Struct):
    """What every further line tells. `credits` is null when the run didn't tell its cost, and missing when nothing was run."""

    index: int
    input: str
    credits: float | UnsetType | None = UNSET


class Success(Entry, kw_only=True):
    """The line of a run that went well, with the answer as it came."""

    result: msgspec.Raw


class Failure(Entry, kw_only=True):
    """The line of an input that failed; it is run again."""

    error: str


class _Known(Entry, kw_only=True):
    """As much of a line as is read when the file is opened."""

    error: str | None = None


class Checkpoint:
    """What a map has done, a line of JSON for each item that is over; lines are only ever appended.

    A line is with the operating system before its item is given out, so that a killed process loses only runs that were
    not over; a line that was torn by a lost disk or power is cut off. An entry is tied to its place in the input and to a
    digest of all that was sent. 8 bytes are held for each entry, the results stay in the file.
    """

    def __init__(self, path: str | os.PathLike[str], model_id: str) -> None:
        self._path = Path(path)
        self._model_id = model_id
        self._header = msgspec.json.encode(Header(1, model_id)) + b"\n"
        self._places = array("q")  # where the line of each success starts; 0, where the header is, for none
        self._reader: BinaryIO | None = None
        self._writer: BinaryIO | None = None

    def open(self) -> Iterator[float | UnsetType | None]:
        """Read what is done, and give what each run cost. Raises `CheckpointError`.

        Nothing is changed in a file that is no checkpoint, or another model's, or in use.
        """
        try:
            self._writer = self._path.open("ab", buffering=0)
            self._reader = self._path.open("rb")
            self._lock(self._writer)
            yield from self._read(self._reader, self._writer)
        except OSError as error:
            raise self._unusable(error) from error

    def _lock(self, file: BinaryIO) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CheckpointError(
                f"The checkpoint {self._path} is in use by another map. Wait until that ends, or name another file."
            ) from None

    def _read(self, reader: BinaryIO, writer: BinaryIO) -> Iterator[float | UnsetType | None]:
        place = 0
        for line in reader:
            if place == 0:
                self._check_header(line)
            if not line.endswith(b"\n"):
                writer.truncate(place)
                break
            if place > 0 and (known := _read_line(line)) is not None:
                if known.error is None:
                    self._note(known.index, place)
                yield known.credits
            place += len(line)
        if place == 0:
            self._write(writer, self._header)

    def _check_header(self, line: bytes) -> None:
        if line == self._header or self._header.startswith(line):
            return
        try:
            header = msgspec.json.decode(line, type=Header)
        except msgspec.DecodeError:
            header = None
        if header is None or header.aixplain_map != 1:
            raise CheckpointError(f"{self._path} is no checkpoint of a map, so nothing was written to it. Name another file.")
        raise CheckpointError(
            f"The checkpoint {self._path} is of the model {header.model}, and this is {self._model_id}. Name another file."
        )

    def _note(self, index: int, place: int) -> None:
        missing = index + 1 - len(self._places)
        if missing > 0:
            self._places.frombytes(bytes(missing * self._places.itemsize))
        self._places[index] = place

    def find(self, index: int, digest: str) -> bytes | None:
        """The answer that this input had; None when it has to be run. Raises `CheckpointError` for another input."""
        place = self._places[index] if index < len(self._places) else 0
        if not place or self._reader is None:
            return None
        self._reader.seek(place)
        done = msgspec.json.decode(self._reader.readline(), type=Success)
        if done.input != digest:
            raise CheckpointError(
                f"Input {index} is not the one that the checkpoint {self._path} has in its place: the inputs, or the settings "
                "that they share, have changed. Give them as they were, or name another file."
            )
        return bytes(done.result)

    def add(self, entry: Success | Failure) -> None:
        """Write what became of an input. Raises `CheckpointError`, once: nothing is written after it."""
        writer = self._writer
        if writer is None:
            return
        try:
            self._write(writer, msgspec.json.encode(entry) + b"\n")
        except OSError as error:
            self._writer = None
            writer.close()
            raise self._unusable(error) from error

    @staticmethod
    def _write(writer: BinaryIO, line: bytes) -> None:
        rest = memoryview(line)
        while rest:  # a disk that is nearly full takes a part, and tells why with the next
            rest = rest[writer.write(rest) :]

    def _unusable(self, error: OSError) -> CheckpointError:
        return CheckpointError(
            f"The checkpoint {self._path} can't be used: {error.strerror or error}. Is there such a folder, with room in it?"
        )

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        for file in (self._reader, self._writer):
            if file is not None:
                file.close()


def _read_line(line: bytes) -> _Known | None:
    """What a line tells; None for a damaged one, whose input is run again."""
    try:
        known = msgspec.json.decode(line, type=_Known)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return known if known.index >= 0 else None


def digest_of(inputs: Mapping[str, Any]) -> str:
    """What tells these inputs from others. A file counts by its path.

    >>> digest_of({"text": "hi", "size": 1}) == digest_of({"size": 1, "text": "hi"}) != digest_of({"text": "hi"})
    True
    """
    for order in ("deterministic", None):  # keys that are numbers can be sent, but not be sorted
        try:
            content = msgspec.json.encode(inputs, enc_hook=_named, order=order)
            return hashlib.blake2b(content, digest_size=12).hexdigest()
        except (TypeError, ValueError, OverflowError, RecursionError):
            continue
    return ""  # it can't be sent either, which its run will tell


def _named(value: Any) -> Any:
    converted = plain(value)
    if converted is not value:
        return converted
    return os.fspath(value) if isinstance(value, os.PathLike) else type(value).__name__
