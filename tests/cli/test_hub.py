"""`aix hub serve` serves models until Ctrl-C, and says why it can't."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Aix = Callable[..., Any]
Refused = Callable[..., str]
Started = Callable[..., Any]


def address_in(running: Any) -> str:
    """The address that a hub tells when it is ready."""
    said = running.stderr.readline()
    told = re.match(r"The hub serves \d+ models at (http://127\.0\.0\.1:\d+) and keeps its runs in kept\.", said)
    assert told is not None
    return told[1]


def stop(running: Any) -> str:
    """What it says from now on until Ctrl-C has ended it."""
    running.interrupt()
    done = running.end()
    assert (done.status, done.out) == (0, "")
    return str(done.err)


def test_a_hub_serves_other_programs_until_ctrl_c(started: Started, aix: Aix, tmp_path: Path) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={})
    url = address_in(running)
    assert aix("run", "aixplain/sentiment", "I love this", "--hub", url, settings={}).out == "POSITIVE\n"
    assert stop(running) == f"Try:  aix search --hub {url}\nThe hub has stopped.\n"
    assert (tmp_path / "kept" / "hub.sqlite").exists()


def test_a_hub_with_keys_wants_one_of_them(started: Started, aix: Aix, refused: Refused) -> None:
    keys = {"AIXPLAIN_HUB_KEYS": "first-key, a-key-that-nobody-may-see,"}
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings=keys)
    url = address_in(running)
    assert "wants a key" in refused("search", "--hub", url, settings={}, status=1)
    assert "keywords" in aix("search", "--hub", url, settings={"TEAM_API_KEY": "a-key-that-nobody-may-see"}).out
    said = stop(running)
    assert said.startswith(f"Try:  TEAM_API_KEY=… aix search --hub {url}\n")
    assert "first-key" not in said
    assert "nobody-may-see" not in said


def test_a_hub_and_a_worker_share_a_database(started: Started, aix: Aix, database: str) -> None:
    hub = started("hub", "serve", "--port", "0", "--database", database, "--no-work")
    told = re.match(r"The hub serves \d+ models at (\S+) and keeps its runs in the database\.", hub.stderr.readline())
    assert told is not None
    worker = started("hub", "worker", "--database", database)
    assert re.match(r"A worker for \d+ models waits for runs\. Ctrl-C stops it\.", worker.stderr.readline())
    done = aix("run", "aixplain/sentiment", "--async", "I love this", "--hub", told[1], settings={})
    assert (done.status, done.out) == (0, "POSITIVE\n")
    assert stop(worker) == "The worker has stopped.\n"
    stop(hub)


def test_a_database_that_is_not_there_is_told(refused: Refused) -> None:
    for command in (["serve", "--port", "0"], ["worker"]):
        said = refused("hub", *command, "--database", "postgresql://me:secret@127.0.0.1:1/runs", status=1)
        assert "The hub's database postgresql://127.0.0.1:1/runs can't be reached" in said
        assert "secret" not in said
    assert "--database, which is missing" in refused("hub", "serve", "--no-work", status=2)


def test_a_busy_port_is_told(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert f"Port {port} on 127.0.0.1 is in use" in refused("hub", "serve", "--port", port, "--data", "d", status=1)


def test_a_second_hub_on_one_folder_is_told_of_the_first(started: Started, refused: Refused) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept")
    address_in(running)
    said = refused("hub", "serve", "--port", "0", "--data", "kept", status=1)
    assert f"Another hub (process {running.process.pid}) works in kept." in said
    stop(running)


@pytest.mark.parametrize(
    "content", [b"this is no database, whatever its name says " * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_broken_database_is_told_and_left_alone(refused: Refused, tmp_path: Path, content: bytes) -> None:
    database = tmp_path / "kept" / "hub.sqlite"
    database.parent.mkdir()
    database.write_bytes(content)
    said = refused("hub", "serve", "--port", "0", "--data", "kept", status=1)
    assert "The database kept/hub.sqlite can't be used" in said
    assert database.read_bytes() == content


def test_a_folder_that_is_a_file_is_told(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    assert "The folder taken can't be used: File exists." in refused("hub", "serve", "--data", "taken", status=1)


def test_a_hub_that_others_reach_wants_keys(refused: Refused) -> None:
    said = refused("hub", "serve", "--host", "0.0.0.0", "--port", "0", "--data", "d", status=1)  # noqa: S104
    assert "AIXPLAIN_HUB_KEYS" in said


def test_an_address_of_another_machine_is_told(refused: Refused) -> None:
    keys = {"AIXPLAIN_HUB_KEYS": "a-key-that-nobody-may-see"}
    assert "192.0.2.1" in refused("hub", "serve", "--host", "192.0.2.1", "--data", "d", settings=keys, status=1)
