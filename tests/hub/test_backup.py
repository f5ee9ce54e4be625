"""A copy of what a hub keeps, made while it works: whole, checked, in nobody's way, and a hub of its own again."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from aixplain.hub import Document, Hub, HubError
from aixplain.hub.embedded import EmbeddedHub, start
from aixplain.hub.store.sqlite import backup
from aixplain.hub.store.sqlite.backup import back_up

from .conftest import Caller, wait_for


def models() -> Hub:
    hub = Hub(builtin=False)

    @hub.model("acme/say", asynchronous=True)
    def say(text: str) -> str:
        return text

    @hub.model("acme/size")
    def size(document: Document) -> int:
        return document.stat().st_size

    return hub


def hub_over(folder: Path) -> tuple[EmbeddedHub, Caller]:
    running = start(folder, models())
    running.wait_until_ready()
    return running, Caller(running.url)


def test_a_copy_that_is_made_under_load_is_a_hub_with_what_was_accepted_before(tmp_path: Path) -> None:
    running, caller = hub_over(tmp_path / "hub")
    stopped, accepted = threading.Event(), [caller.run("acme/say", {"text": "before"}).json["data"]]

    def load() -> None:
        while not stopped.is_set():
            accepted.append(caller.run("acme/say", {"text": str(len(accepted))}).json["data"])

    loading = threading.Thread(target=load)
    loading.start()
    assert wait_for(lambda: len(accepted) > 20)
    known = list(accepted)
    back_up(tmp_path / "hub", tmp_path / "copy.sqlite", files=False)
    assert wait_for(lambda: len(accepted) > len(known) + 20)
    stopped.set()
    loading.join()
    running.close()
    (tmp_path / "again").mkdir()
    (tmp_path / "copy.sqlite").rename(tmp_path / "again" / "hub.sqlite")
    running, caller = hub_over(tmp_path / "again")
    results = [caller.result(f"/sdk/runs/{address.split('/')[-2]}/result")["data"] for address in known]
    assert results == ["before", *map(str, range(1, len(known)))]
    running.close()


def test_with_files_it_is_an_archive_that_unpacks_to_a_hub(tmp_path: Path) -> None:
    running, caller = hub_over(tmp_path / "hub")
    announced = caller.post("/sdk/file/upload/temp-url", {"contentType": "text/plain", "originalName": "a.txt"}).json
    caller.send("PUT", announced["uploadUrl"], b"12345")
    back_up(tmp_path / "hub", tmp_path / "copy.tar", files=True)
    running.close()
    (tmp_path / "again").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "copy.tar", "-C", tmp_path / "again"], check=True)
    running, caller = hub_over(tmp_path / "again")
    path = announced["downloadUrl"].partition("/files/")[2]
    assert caller.run("acme/size", {"document": f"{caller.url}/files/{path}"}).json["data"] == 5
    running.close()


def test_a_copy_replaces_nothing_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    hub_over(tmp_path / "hub")[0].close()
    back_up(tmp_path / "hub", tmp_path / "copy", files=False)
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    before = (tmp_path / "copy").read_bytes()
    with pytest.raises(HubError, match=r"There is something at .*copy already, and a backup replaces nothing"):
        back_up(tmp_path / "hub", tmp_path / "copy", files=False)
    assert (tmp_path / "copy").read_bytes() == before


def test_what_goes_wrong_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"There is no hub's database in .*hub"):
        back_up(tmp_path / "hub", tmp_path / "copy", files=False)
    hub_over(tmp_path / "hub")[0].close()
    with pytest.raises(HubError, match="can't be written: No such file or directory"):
        back_up(tmp_path / "hub", tmp_path / "nowhere" / "copy", files=False)
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]


@pytest.mark.parametrize("files", [False, True])
def test_a_damaged_database_is_told_and_not_kept_as_a_backup(tmp_path: Path, *, files: bool) -> None:
    hub_over(tmp_path / "hub")[0].close()
    path = tmp_path / "hub" / "hub.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE padding AS SELECT randomblob(1000) AS it FROM (WITH n(i) AS "
                     "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n)")  # fmt: skip
    database.commit()
    database.close()
    content = bytearray(path.read_bytes())
    content[-400_000:-200_000] = b"\xff" * 200_000
    path.write_bytes(content)
    with pytest.raises(HubError, match=r"is damaged, and so would its copy be|can't be copied"):
        back_up(tmp_path / "hub", tmp_path / "copy", files=files)
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]


def test_a_disk_that_is_full_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_over(tmp_path / "hub")[0].close()

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backup, "_copy", full)
    for files in (False, True):
        with pytest.raises(HubError, match=r"can't be copied to .*copy: database or disk is full"):
            back_up(tmp_path / "hub", tmp_path / "copy", files=files)
    assert [path.name for path in tmp_path.iterdir()] == ["hub"]
