"""What keeps a hub from starting is a sentence with the way out, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
from pathlib import Path

import pytest

from aixplain.hub import Hub
from aixplain.hub.embedded import start
from aixplain.hub.errors import HubError
from aixplain.hub.server import address_of, claimed, listen


def refused(message: pytest.ExceptionInfo[HubError], *words: str) -> None:
    said = str(message.value)
    assert said.endswith(".")
    for word in words:
        assert word in said


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(HubError) as error:
        Hub(builtin=False).serve("127.0.0.1", taken.getsockname()[1], tmp_path)
    refused(error, "is in use, perhaps by another hub", "--port")
    with claimed(tmp_path):
        """The folder is free again."""


@pytest.mark.parametrize("host", ["203.0.113.7", "no..host", "x" * 300])
def test_a_host_that_is_not_this_machine(host: str, tmp_path: Path) -> None:
    with pytest.raises(HubError) as error:
        Hub(builtin=False, keys=["key"]).serve(host, 0, tmp_path)
    refused(error, "no address of this machine", "127.0.0.1")


@pytest.mark.parametrize("port", [-1, 65536, 10**20])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(HubError) as error:
        listen("127.0.0.1", port)
    refused(error, "--port")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "203.0.113.7"])  # noqa: S104 - refused is what it is
def test_an_address_that_others_reach_without_a_key(host: str, tmp_path: Path) -> None:
    with pytest.raises(HubError) as error:
        Hub(builtin=False).serve(host, 0, tmp_path)
    refused(error, "Without a key", "AIXPLAIN_HUB_KEYS", "127.0.0.1")


@pytest.mark.parametrize("folder", ["/dev/null/hub", "/proc/hub", "a file"])
def test_a_folder_that_cannot_be_used(folder: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("text")
    with pytest.raises(HubError) as error:
        start(tmp_path / folder, Hub(builtin=False))
    refused(error, "The folder", "can't be used", "--data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, "Permission denied")


@pytest.mark.parametrize("content", [b"no database at all, but text" * 100, b"SQLite format 3\0" + bytes(84), bytes(5000)])
def test_a_broken_database(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite").write_bytes(content)
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, f"The database {tmp_path / 'hub.sqlite'} can't be used", "restore a backup", "--data")


def test_a_database_that_is_broken_in_the_middle(tmp_path: Path) -> None:
    start(tmp_path).close()
    path = tmp_path / "hub.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, "can't be used", "malformed")


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite").mkdir()
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, "can't be used: unable to open database file")


def test_a_database_of_another_program_that_has_our_tables(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.execute("CREATE TABLE runs (mine TEXT)")
    connection.close()
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, "can't be used: table runs already exists")


def test_a_database_of_a_newer_hub(tmp_path: Path) -> None:
    start(tmp_path, Hub(builtin=False)).close()
    with sqlite3.connect(tmp_path / "hub.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, "was written by a newer hub (version 99", "Update aixplain-models", "--data")


def test_another_hub_on_the_same_folder(tmp_path: Path) -> None:
    first = start(tmp_path, Hub(builtin=False))
    with pytest.raises(HubError) as error:
        start(tmp_path, Hub(builtin=False))
    refused(error, f"Another hub (process {os.getpid()}) works in {tmp_path}", "--data")
    first.close()
    start(tmp_path, Hub(builtin=False)).close()


def test_a_start_that_fails_leaves_no_folder_and_no_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hub = Hub(builtin=False)
    monkeypatch.setattr(hub, "app", lambda *args, **kwargs: (_ for _ in ()).throw(HubError("no.")))
    with pytest.raises(HubError):
        start(hub=hub)
    assert list(tmp_path.iterdir()) == []


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_ipv6_has_brackets() -> None:
    with listen("::1", 0) as listening:
        assert address_of(listening) == f"http://[::1]:{listening.getsockname()[1]}"


def test_an_address_is_told_as_one_can_use_it() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert address_of(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}"
