"""A file that is written beside its target and takes its place when it is whole, so that the target is never half-written."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from aixplain.cli.failures import UsageProblem


class NewFile:
    """The new content of a target. Raises `UsageProblem` or OSError if its folder can't be written, before any work is done.

    Links are followed, and the mode of an existing file is kept. Devices and pipes are written directly.
    """

    def __init__(self, target: Path) -> None:
        self._target = Path(os.path.realpath(target))
        check_target(target)
        self._is_direct = self._target.exists() and not self._target.is_file()
        self.path = self._target
        if self._is_direct:
            return
        descriptor, name = tempfile.mkstemp(prefix=".aix-", suffix=".part", dir=self._target.parent)
        os.close(descriptor)
        self.path = Path(name)
        self.path.chmod(_mode(self._target))

    def commit(self) -> None:
        """Put it in the place of the target, atomically and durably."""
        if self._is_direct:
            return
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(self._target)

    def discard(self) -> None:
        """Remove what was not committed; the target stays as it was."""
        if not self._is_direct:
            self.path.unlink(missing_ok=True)


def check_target(target: Path) -> None:
    """Raise `UsageProblem` for a folder, and for a file in a folder that isn't there."""
    if target.is_dir():
        raise UsageProblem(f"'{target}' is a folder. Name a file in it.")
    folder = Path(os.path.realpath(target)).parent
    if not folder.is_dir():
        raise UsageProblem(f"The folder '{folder}' for '{target.name}' is not there. Make it first, or name another.")


def _mode(target: Path) -> int:
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
