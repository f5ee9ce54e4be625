"""A copy of a hub's folder, made while the hub works.

The database is copied in one step: SQLite keeps the state that it had at the beginning, and the hub goes on writing beside
it. The copy is checked, and only then given its name, so that what has the name is whole.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

from aixplain.hub.errors import HubError
from aixplain.hub.private import make_private_file
from aixplain.hub.store.sqlite.writer import BUSY_SECONDS

DATABASE, FILES = "hub.sqlite", "files"


def back_up(folder: Path, target: Path, *, files: bool) -> None:
    """Copy the database in a hub's folder to a file; with `files`, that and what was sent up, as a tar archive.

    Raises `HubError`, and leaves nothing under the name then.
    """
    if not (folder / DATABASE).is_file():
        raise HubError(f"There is no hub's database in {folder}. Name the folder of the hub with --data.")
    with _whole_or_not(target) as part:
        if files:
            _archive(folder, part)
        else:
            _copy(folder / DATABASE, part)


@contextlib.contextmanager
def _whole_or_not(target: Path) -> Iterator[Path]:
    """A place beside the target, which gets its name when all went well."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        _check_free(target)
        make_private_file(part)  # it holds what callers sent, and the secret of the webhooks
        yield part
        _check_free(target)
        part.rename(target)
    except OSError as error:
        raise HubError(f"The backup {target} can't be written: {error.strerror}. Name another place for it.") from error
    except sqlite3.Error as error:
        raise HubError(f"The database can't be copied to {target}: {error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _check_free(target: Path) -> None:
    if target.exists():
        raise HubError(f"There is something at {target} already, and a backup replaces nothing. Name another file.")


def _copy(database: Path, target: Path) -> None:
    source = sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    copy = sqlite3.connect(target)
    with contextlib.closing(source), contextlib.closing(copy):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        problems = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    if problems != ["ok"]:
        raise HubError(f"The database {database} is damaged, and so would its copy be: {problems[0]}. Restore an older backup.")


def _archive(folder: Path, target: Path) -> None:
    """The database first: a file that it names was sent up before, and stays for as long as it may be wanted."""
    copy = target.with_name(f"{target.name}.database")
    try:
        make_private_file(copy)
        _copy(folder / DATABASE, copy)
        with tarfile.open(target, "w") as archive:
            archive.add(copy, DATABASE)
            for path in sorted((folder / FILES).rglob("*")):
                with contextlib.suppress(FileNotFoundError):  # its time was over
                    archive.add(path, path.relative_to(folder).as_posix(), recursive=False)
    finally:
        copy.unlink(missing_ok=True)
