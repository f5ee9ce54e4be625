"""Files and folders that only their owner may read, whatever the umask: they hold inputs, answers, uploads and key hashes."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

FOLDER, FILE = 0o700, 0o600
#: What a hub keeps in its folder. One that has anything else in it is shared with something else.
OWN = re.compile(r"(hub|catalog)\..*|files")

logger = logging.getLogger("aixplain.hub")


def make_private_folder(folder: Path) -> None:
    """Make a folder with its parents, the folder itself with mode 0700. Raises OSError, also for one that exists."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=FOLDER)
    tighten(folder)  # `mkdir` leaves out what the umask does


def claim_folder(folder: Path) -> None:
    """Make a hub's folder, or tighten the one that is there. Raises OSError for one that can't be made.

    A folder with files of others in it, and one of another user, keeps its mode: it may be shared for a reason. The hub's own
    files in it are private all the same.
    """
    try:
        make_private_folder(folder)
    except FileExistsError:
        status = folder.stat()
        if not stat.S_ISDIR(status.st_mode):
            raise
        if not stat.S_IMODE(status.st_mode) & 0o077:
            return
        if status.st_uid == os.geteuid() and all(OWN.fullmatch(each.name) for each in folder.iterdir()):
            tighten(folder)
        else:
            logger.warning(
                "the folder %s is open to others (mode %o); it has other files or another owner, so its mode stays. "
                "The hub's own files in it are private.",
                folder,
                stat.S_IMODE(status.st_mode),
            )


def make_private_file(path: Path) -> None:
    """Make an empty file, or tighten one that is there. Raises OSError for one that can't be made."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE))
    tighten(path)


def tighten(path: Path) -> None:
    """Make an existing file or folder of this user private. What is missing, or another's, is left alone."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        status = path.stat()
        wanted = FOLDER if stat.S_ISDIR(status.st_mode) else FILE
        if stat.S_IMODE(status.st_mode) != wanted:
            path.chmod(wanted)


def tighten_all(folder: Path) -> None:
    """Make a folder of a hub and everything in it private; one that is private is taken to have been so before."""
    if not folder.is_dir() or not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return
    tighten(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            tighten(Path(parent, name))


def create_private(path: Path) -> BinaryIO:
    """Open a new private file for writing. Raises OSError, also when there is one."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE), "wb")
    tighten(path)
    return file
