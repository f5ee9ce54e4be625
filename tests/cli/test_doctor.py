"""`aix doctor` and `aix hub doctor` tell what is set, reachable and wrong, each with a way out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start

from .conftest import KEY

Aix = Callable[..., Any]


def found(done: Any) -> dict[str, dict[str, str]]:
    """The findings by name; the last of each."""
    return {each["name"]: each for each in json.loads(done.out)}


def test_a_hub_that_answers_is_fine(aix: Aix, hub: EmbeddedHub, tmp_path: Path) -> None:
    done = aix("doctor", "--json", settings={"BACKEND_URL": hub.url, "HOME": str(tmp_path)})
    told = found(done)
    assert done.status == 0
    assert {each["state"] for each in told.values()} <= {"ok", "note"}
    assert told["address"]["told"] == f"{hub.url}, set by the environment."
    assert told["service"]["told"].startswith("It answers a search in ")
    assert told["clock"]["state"] == "ok"


def test_with_nothing_set_a_hub_of_its_own_is_tried(aix: Aix, tmp_path: Path) -> None:
    done = aix("doctor", settings={"HOME": str(tmp_path)})
    assert done.status == 0
    assert "No key and no address are set, so aix runs models on this machine." in done.out
    assert "A hub with 9 models starts in " in done.out
    assert done.out.endswith("\nNothing is wrong.\n")


def test_a_service_that_is_not_there_is_wrong(aix: Aix) -> None:
    done = aix("doctor", settings={"BACKEND_URL": "http://127.0.0.1:9", "TEAM_API_KEY": KEY})
    assert done.status == 1
    assert "✗ service   http://127.0.0.1:9 can't be reached: Connection refused." in done.out
    assert "✓ key       …-see, of TEAM_API_KEY." in done.out
    assert "1 of " in done.out.splitlines()[-1]


def test_a_key_that_is_refused_is_wrong(aix: Aix, guarded: EmbeddedHub) -> None:
    told = found(aix("doctor", "--json", "--hub", guarded.url, settings={}))
    assert told["key"]["told"] == "None is sent."
    assert told["service"]["state"] == "wrong"
    assert told["service"]["wayOut"] == "Set the right key: TEAM_API_KEY, or aix config set api_key"
    right = aix("doctor", "--json", "--hub", guarded.url, settings={"TEAM_API_KEY": KEY})
    assert right.status == 0


def test_a_file_of_profiles_is_looked_at(aix: Aix, tmp_path: Path, hub: EmbeddedHub) -> None:
    file = tmp_path / "config.toml"
    settings = {"AIXPLAIN_CONFIG": str(file), "BACKEND_URL": hub.url}
    file.write_text("[profiles.work]\nbackend_ulr = 'x'\n")
    assert "did you mean" in found(aix("doctor", "--json", settings=settings))["profiles"]["told"]
    file.write_text("[profiles.default]\nstrict = true\n")
    file.chmod(0o644)
    assert found(aix("doctor", "--json", settings=settings))["profiles"]["wayOut"] == f"chmod 600 {file}"
    file.chmod(0o600)
    told = found(aix("doctor", "--json", settings=settings))["profiles"]
    assert (told["state"], told["told"]) == ("ok", f"default in {file}; 'default' is in use.")


@pytest.fixture
def an_hour_ahead() -> Iterator[str]:
    """A service whose clock is wrong."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = b'{"results": [], "total": 0}'
            self.send_response_only(200)
            self.send_header("date", formatdate(4102444800, usegmt=True))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_clock_that_is_wrong_is_told(aix: Aix, an_hour_ahead: str) -> None:
    done = aix("doctor", "--json", "--hub", an_hour_ahead)
    assert done.status == 1
    assert found(done)["clock"]["told"].endswith(" s behind the service's.")


# --- aix hub doctor -------------------------------------------------------------------------------


def test_a_hub_at_work_is_looked_at(aix: Aix, tmp_path: Path) -> None:
    running = start(tmp_path / "kept", Hub())
    running.wait_until_ready()
    try:
        aix("run", "aixplain/sentiment", "I love this", "--hub", running.url)
        told = found(aix("hub", "doctor", "--data", "kept", "--hub", running.url, "--json"))
        assert {each["state"] for each in told.values()} == {"ok"}
        assert " serves it." in told["folder"]["told"]
        assert told["database"]["told"].endswith("Runs: 1 finished.")
        elsewhere = aix("hub", "doctor", "--data", "kept", "--hub", "http://127.0.0.1:9", "--json")
        assert elsewhere.status == 1
        assert (
            found(elsewhere)["address"]["wayOut"]
            == "Did it start elsewhere, or not at all? Name its address with --hub, or start it: aix hub serve"
        )
    finally:
        running.close()


def test_who_may_use_a_hub_is_told_by_its_settings_and_its_database(aix: Aix, tmp_path: Path) -> None:
    def told(**settings: str) -> dict[str, str]:
        return found(aix("hub", "doctor", "--data", "kept", "--hub", "http://127.0.0.1:9", "--json", settings=settings))["keys"]

    assert "serves this machine alone" in told()["told"]
    aix("keys", "create", "ada", "--data", "kept", settings={})
    assert told()["told"] == "A hub that is started here wants a key. It has 1 in its database."
    (tmp_path / "keys").write_text("first\nsecond\n")
    both = told(AIXPLAIN_HUB_KEYS_FILE=str(tmp_path / "keys"))["told"]
    assert both == "A hub that is started here wants a key. It has 2 in its settings and 1 in its database."
    wrong = aix("hub", "doctor", settings={"AIXPLAIN_HUB_PORT": "x"})
    assert (wrong.status, wrong.err) == (2, "aix: AIXPLAIN_HUB_PORT can't be used: Expected `int`, got `str`.\n")


def test_a_database_that_is_shared_is_looked_at(aix: Aix, database: str) -> None:
    def told(url: str) -> dict[str, dict[str, str]]:
        doctor = ("hub", "doctor", "--hub", "http://127.0.0.1:9", "--json")
        return found(aix(*doctor, settings={"AIXPLAIN_HUB_DATABASE": url}))

    assert "serves this machine alone" in told(database)["keys"]["told"]
    aix("keys", "create", "ada", settings={"AIXPLAIN_HUB_DATABASE": database})
    assert told(database)["keys"]["told"] == "A hub that is started here wants a key. It has 1 in its database."
    away = told("postgresql://me:secret@127.0.0.1:1/runs")["database"]
    assert away["state"] == "wrong"
    assert "postgresql://127.0.0.1:1/runs can't be reached" in away["told"]


def test_a_database_that_is_damaged_is_wrong(aix: Aix, tmp_path: Path) -> None:
    start(tmp_path / "kept", Hub(builtin=False)).close()
    file = tmp_path / "kept" / "hub.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 : 2 * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    done = aix("hub", "doctor", "--data", "kept", "--hub", "http://127.0.0.1:9")
    assert done.status == 1
    assert "✗ database" in done.out
    assert "put a backup in its place" in done.out


def test_where_no_hub_has_worked_nothing_is_wrong(aix: Aix) -> None:
    done = aix("hub", "doctor", "--data", "nowhere", settings={"AIXPLAIN_HUB_PORT": "9"})
    assert done.status == 0
    assert "There is none yet at nowhere." in done.out
    assert "→ `aix hub serve` makes it." in done.out
    assert done.out.endswith("Nothing is wrong.\n")


def test_an_address_of_something_else_is_wrong(aix: Aix, an_hour_ahead: str) -> None:
    done = aix("hub", "doctor", "--data", "nowhere", "--hub", an_hour_ahead, "--json")
    assert (
        found(done)["address"] | {"state": "wrong", "told": f"{an_hour_ahead} answers, but is no hub."}
        == found(done)["address"]
    )


@pytest.mark.parametrize("words", [(), ("--hub", "http://127.0.0.1:9")])
def test_an_address_that_is_named_is_looked_at_and_wrong_where_no_hub_answers(aix: Aix, words: tuple[str, ...]) -> None:
    done = aix("hub", "doctor", *words, "--json", settings={"BACKEND_URL": "http://127.0.0.1:9"})
    told = found(done)["address"]
    assert (done.status, told["state"]) == (1, "wrong")
    assert told["told"].startswith("http://127.0.0.1:9 can't be reached")
    assert told["wayOut"].startswith("Did it start elsewhere, or not at all?")


def test_an_address_is_of_the_option_then_of_the_environment(aix: Aix, hub: EmbeddedHub) -> None:
    for words, where in [(("--hub", hub.url), "http://127.0.0.1:9"), ((), hub.url)]:
        done = aix("hub", "doctor", *words, "--json", settings={"BACKEND_URL": where})
        assert found(done)["address"]["told"].startswith(f"{hub.url} answers in ")


@pytest.mark.parametrize("settings", [{}, {"TEAM_API_KEY": "not-this-one"}])
def test_a_hub_that_refuses_the_key_is_wrong_for_it(aix: Aix, guarded: EmbeddedHub, settings: dict[str, str]) -> None:
    done = aix("hub", "doctor", "--hub", guarded.url, "--json", settings=settings)
    assert done.status == 1
    assert found(done)["address"]["state"] == "ok"
    assert found(done)["key"]["wayOut"] == "Set a key of this hub: TEAM_API_KEY, or aix config set api_key"


def test_a_key_that_the_hub_takes_is_not_spoken_of(aix: Aix, guarded: EmbeddedHub) -> None:
    done = aix("hub", "doctor", "--hub", guarded.url, "--json", settings={"TEAM_API_KEY": KEY})
    assert "key" not in found(done)
