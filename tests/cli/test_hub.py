"""`aix hub serve` serves models until Ctrl-C, and says why it can't."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from .conftest import KEY

Aix = Callable[..., Any]
Refused = Callable[..., str]
Started = Callable[..., Any]


def address_in(running: Any) -> str:
    """The address that a hub tells when it is ready."""
    said = running.stderr.readline()
    told = re.match(r"The hub serves \d+ models at (https?://127\.0\.0\.1:\d+) and keeps its runs in kept\.", said)
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


def test_a_hub_speaks_https_to_those_who_know_its_authority(
    started: Started, aix: Aix, refused: Refused, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (tmp_path / "cert.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    (tmp_path / "authority.pem").write_bytes(authority.cert_pem.bytes())
    tls = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
    running = started("hub", "serve", "--port", "0", "--data", "kept", *tls, settings={})
    url = address_in(running)
    assert url.startswith("https://")
    trusting = {"SSL_CERT_FILE": "authority.pem"}
    assert aix("run", "aixplain/sentiment", "I love this", "--hub", url, settings=trusting).out == "POSITIVE\n"
    assert "certificate" in refused("search", "--hub", url, settings={}, status=1)
    assert stop(running) == f"Try:  aix search --hub {url}\nThe hub has stopped.\n"


def test_the_log_tells_of_requests_and_never_of_keys_and_texts(started: Started, aix: Aix) -> None:
    settings = {"AIXPLAIN_HUB_KEYS": KEY, "AIXPLAIN_HUB_LOG_LEVEL": "info", "AIXPLAIN_HUB_LOG_FORMAT": "json"}
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings=settings)
    url = address_in(running)
    aix("run", "aixplain/sentiment", "I love this", "--hub", url, settings={"TEAM_API_KEY": KEY})
    said = stop(running)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [(line["method"], line["route"], line["status"]) for line in lines if line["message"] == "request"] == [
        ("GET", "/v2/models/{key}", 200),
        ("POST", "/api/v2/execute/{key}", 200),
    ]
    assert KEY not in said
    assert "love" not in said


def test_sigterm_stops_it_too(started: Started) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", "--grace", "1")
    address_in(running)
    running.process.terminate()
    done = running.end()
    assert (done.status, done.err.splitlines()[-1]) == (0, "The hub has stopped.")


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["--log-level", "loud"], {}, "'loud' is not one of 'debug', 'info', 'warning', 'error'"),
        (["--config", "nowhere.toml"], {}, "The settings file nowhere.toml can't be read"),
        ([], {"AIXPLAIN_HUB_PORT": "http"}, "AIXPLAIN_HUB_PORT can't be used: Expected `int`, got `str`."),
        ([], {"AIXPLAIN_HUB_KEY": "a-key-that-nobody-may-see"}, "Did you mean AIXPLAIN_HUB_KEYS?"),
    ],
)
def test_what_it_is_told_wrongly_is_a_sentence(refused: Refused, words: list[str], settings: dict[str, str], said: str) -> None:
    assert said in refused("hub", "serve", "--data", "d", *words, settings=settings)


def test_files_of_a_certificate_that_can_not_be_used_are_told(refused: Refused) -> None:
    said = refused("hub", "serve", "--data", "d", "--tls-cert", "no.pem", "--tls-key", "no.key", status=1)
    assert said.startswith("The certificate no.pem can't be read: No such file or directory.")


def test_a_backup_is_made_while_the_hub_works_and_replaces_nothing(started: Started, aix: Aix, refused: Refused) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={})
    address_in(running)
    done = aix("hub", "backup", "copy.sqlite", "--data", "kept", settings={})
    assert (done.status, done.out) == (0, "")
    assert re.fullmatch(r"The copy of kept is copy\.sqlite, [\d,]+ bytes, and whole\.\n", done.err)
    assert "a backup replaces nothing" in refused("hub", "backup", "copy.sqlite", "--data", "kept", settings={}, status=1)
    assert aix("hub", "backup", "copy.tar", "--files", settings={"AIXPLAIN_HUB_DATA": "kept"}).status == 0
    assert "There is no hub's database in other" in refused("hub", "backup", "c", "--data", "other", settings={}, status=1)
    stop(running)
