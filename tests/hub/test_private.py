"""What a hub keeps is for its owner alone, whatever the umask and whatever was there before."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aixplain.hub.errors import HubError
from aixplain.hub.private import claim_folder, tighten_all
from aixplain.hub.server import claimed
from aixplain.hub.store.sqlite.backup import back_up
from aixplain.hub.store.sqlite.file import SqliteStore


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o027, 0o077, 0o177])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of a folder and of everything in it."""
    return {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


def test_a_new_folder_and_its_database_are_private(tmp_path: Path, umask: int) -> None:
    with claimed(tmp_path / "hub") as folder, closing(SqliteStore(folder / "hub.sqlite")) as store:
        asyncio.run(written(store))
        private = dict.fromkeys(("hub.lock", "hub.sqlite", "hub.sqlite-wal", "hub.sqlite-shm"), 0o600)
        assert modes(folder) == {".": 0o700, **private}


async def written(store: SqliteStore) -> None:
    await store.check()


def test_what_an_older_hub_left_open_is_tightened(tmp_path: Path) -> None:
    with claimed(tmp_path / "hub") as folder, closing(SqliteStore(folder / "hub.sqlite")) as store:
        asyncio.run(written(store))
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
        with closing(SqliteStore(folder / "hub.sqlite")):
            pass
        claim_folder(folder)
        assert {mode for name, mode in modes(folder).items() if name.startswith("hub.sqlite")} == {0o600}
        assert modes(folder)["."] == 0o700


def test_a_folder_that_is_shared_with_other_things_keeps_its_mode_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.txt").touch(mode=0o644)
    tmp_path.chmod(0o2750)
    with claimed(tmp_path) as folder, closing(SqliteStore(folder / "hub.sqlite")):
        found = modes(tmp_path)
    assert (found["."], found["notes.txt"]) == (0o2750, 0o644)
    assert {mode for name, mode in found.items() if name.startswith("hub.")} == {0o600}
    assert f"the folder {tmp_path} is open to others (mode 2750)" in caplog.text


def test_an_empty_folder_that_was_made_for_the_hub_becomes_private(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub").chmod(0o775)
    with claimed(tmp_path / "hub") as folder:
        assert modes(folder)["."] == 0o700


def test_a_folder_s_parents_are_made_as_usual(tmp_path: Path) -> None:
    before = os.umask(0o022)
    with claimed(tmp_path / "srv" / "hub"):
        assert modes(tmp_path)["srv"] == 0o755
    os.umask(before)


def test_a_name_that_is_a_file_s_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "hub").touch()
    with pytest.raises(HubError, match="can't be used"), claimed(tmp_path / "hub"):
        pass


@pytest.mark.parametrize("files", [False, True])
def test_a_backup_is_private(tmp_path: Path, files: bool) -> None:
    before = os.umask(0)
    try:
        with closing(SqliteStore(tmp_path / "hub.sqlite")):
            back_up(tmp_path, tmp_path / "copy", files=files)
    finally:
        os.umask(before)
    assert modes(tmp_path)["copy"] == 0o600


def test_uploads_of_an_older_hub_are_tightened(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "token").mkdir(parents=True)
    (folder / "token" / "a.txt").touch(mode=0o644)
    folder.chmod(0o755)
    tighten_all(folder)
    assert modes(folder) == {".": 0o700, "token": 0o700, "token/a.txt": 0o600}
