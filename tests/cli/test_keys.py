"""`aix keys` makes and ends keys beside a hub that serves, and `aix usage` shows what was used."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

Aix = Callable[..., Any]
Refused = Callable[..., str]
Started = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("one_day")


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def made(aix: Aix, *words: str) -> str:
    """A new key in the folder `kept`."""
    return str(aix("keys", "create", *words, "--data", "kept", settings={}).out.strip())


def test_a_key_is_shown_once_and_listed_by_what_it_may(aix: Aix) -> None:
    finished = aix(
        *("keys", "create", "ada", "--model", "team/*", "--limit", "rpm=60", "--limit", "acme/shout:credits=0.5"),
        *("--expires", "2130-01-31", "--data", "kept"),
        settings={},
    )
    secret = finished.out.strip()
    assert re.fullmatch(r"aixh_[\w-]{43}", secret)
    assert re.match(r"The key 'ada' has the id [0-9a-f]{16}\. It is shown here and now only", finished.err)
    assert secret not in finished.err
    listed = aix("keys", "list", "--data", "kept", settings={}).out
    assert secret not in listed
    assert "use team/*, rpm=60, acme/shout:credits=0.5" in listed
    [key] = json.loads(aix("keys", "list", "--data", "kept", "--json", settings={}).out)
    assert (key["name"], key["models"], key["globalLimits"]["rpm"]) == ("ada", ["team/*"], 60)
    assert key["expiresAt"] == "2130-01-31T00:00:00.000Z"
    assert key["accessKey"] == f"aixh****{secret[-4:]}"


def test_a_new_key_as_json_has_all_of_it(aix: Aix) -> None:
    key = json.loads(aix("keys", "create", "root", "--admin", "--json", "--data", "kept", settings={}).out)
    assert key["isAdmin"] is True
    assert key["accessKey"].startswith("aixh_")


def test_keys_are_made_and_revoked_while_a_hub_serves(started: Started, aix: Aix, refused: Refused) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={})
    url = running.stderr.readline().split(" at ")[1].split()[0]
    secret = made(aix, "ada", "--limit", "rpd=2")
    run = ("run", "aixplain/sentiment", "I love this", "--hub", url)
    time.sleep(1)
    assert "wants a key" in refused(*run, settings={}, status=1)
    for _ in range(2):
        assert aix(*run, settings={"TEAM_API_KEY": secret}).out == "POSITIVE\n"
    assert "has used its 2 requests of this day" in refused(*run, settings={"TEAM_API_KEY": secret}, status=1)

    for where in (("--data", "kept"), ("--hub", url)):
        [day] = json.loads(aix("usage", *where, "--json", settings={"TEAM_API_KEY": secret}).out)
        assert (day["day"], day["model"], day["keyName"], day["runs"]) == (today(), "aixplain/sentiment", "ada", 2)

    assert aix("keys", "revoke", "ada", "--data", "kept", settings={}).err.startswith("The key 'ada' (")
    time.sleep(1)
    assert "The key was refused" in refused(*run, settings={"TEAM_API_KEY": secret}, status=1)
    running.interrupt()
    running.end()


def test_a_hub_for_others_starts_once_it_has_a_key(started: Started, aix: Aix, refused: Refused) -> None:
    serve = ("hub", "serve", "--host", "0.0.0.0", "--port", "0", "--data", "kept")  # noqa: S104 - for a moment, with a key
    said = refused(*serve, settings={}, status=1)
    assert "Without a key, everyone who reaches 0.0.0.0 could use this hub." in said
    assert "aix keys create" in said
    made(aix, "ada")
    running = started(*serve, settings={})
    assert running.stderr.readline().startswith("The hub serves")
    assert running.stderr.readline().startswith("Try:  TEAM_API_KEY=… aix search --hub http://127.0.0.1:")
    running.interrupt()
    running.end()


def test_keys_are_those_of_the_hub_that_would_be_served_from_here(aix: Aix, tmp_path: Path) -> None:
    assert aix("keys", "create", "ada", settings={"AIXPLAIN_HUB_DATA": "set"}).status == 0
    (tmp_path / "hub.toml").write_text("data = 'set'")
    assert "ada" in aix("keys", "list", settings={"AIXPLAIN_HUB_CONFIG": "hub.toml"}).out
    assert "ada" in aix("keys", "list", "--data", "set", settings={"AIXPLAIN_HUB_DATABASE": "postgresql://nowhere/x"}).out


def test_a_folder_that_cannot_be_made_is_a_sentence_with_a_way_out(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused("keys", "create", "ada", "--data", "file/kept", settings={}, status=1)
    assert said == "The folder file/kept can't be used: Not a directory. Name another with --data."


def test_usage_is_a_table_in_which_what_nobody_told_is_unknown(started: Started, aix: Aix) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={})
    url = running.stderr.readline().split(" at ")[1].split()[0]
    aix("run", "aixplain/sentiment", "I love this", "--hub", url, settings={})
    headings, row = aix("usage", "--by", "day,key", "--data", "kept", settings={}).out.splitlines()
    assert headings.split() == ["day", "key", "runs", "failed", "tokens", "credits", "seconds"]
    assert row.split()[:6] == [today(), "none", "1", "0", "unknown", "0"]
    assert aix("usage", "--since", "2130-01-01", "--data", "kept", settings={}).err == "No run ended in this time.\n"
    running.interrupt()
    running.end()


def test_a_second_key_of_one_name_is_refused(aix: Aix, refused: Refused) -> None:
    made(aix, "ada")
    said = refused("keys", "create", " ada ", "--data", "kept", settings={})
    assert said.startswith("There is a key named 'ada' already (")
    assert "`aix keys revoke ada`" in said
    assert aix("keys", "revoke", "ada", "--data", "kept", settings={}).status == 0
    made(aix, "ada")


def test_two_keys_of_one_name_in_an_older_database_are_told_apart_by_their_ids(
    aix: Aix, refused: Refused, tmp_path: Path
) -> None:
    made(aix, "ada")
    made(aix, "bob")
    with contextlib.closing(sqlite3.connect(tmp_path / "kept" / "hub.sqlite")) as file, file:
        file.execute("UPDATE keys SET name = 'ada'")
    said = refused("keys", "revoke", "ada", "--data", "kept", settings={})
    ids = re.findall(r"[0-9a-f]{16}", said)
    assert said.startswith("2 keys are called 'ada'. Name one by its id: ")
    assert aix("keys", "revoke", ids[0], "--data", "kept", settings={}).status == 0
    assert aix("keys", "revoke", "ada", "--data", "kept", settings={}).status == 0
    assert "There are no keys." in aix("keys", "list", "--data", "kept", settings={}).err


def test_the_last_admin_key_is_revoked_only_by_force(aix: Aix, refused: Refused) -> None:
    made(aix, "root", "--admin")
    made(aix, "ada")
    said = refused("keys", "revoke", "root", "--data", "kept", settings={})
    assert "is the last admin key" in said
    assert "--force" in said
    assert aix("keys", "revoke", "root", "--force", "--data", "kept", settings={}).status == 0


def test_keys_and_usage_of_a_hub_at_an_address_go_over_http(started: Started, aix: Aix, refused: Refused) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={})
    url = running.stderr.readline().split(" at ")[1].split()[0]
    root = aix("keys", "create", "root", "--admin", settings={"BACKEND_URL": url}).out.strip()
    time.sleep(1)
    as_root = {"BACKEND_URL": url, "TEAM_API_KEY": root}
    limits = ("--limit", "rpm=60", "--limit", "credits=2", "--limit", "aixplain/sentiment:rpd=5")
    ada = aix("keys", "create", "ada", "--model", "aixplain/*", *limits, settings=as_root).out.strip()
    as_ada = {"BACKEND_URL": url, "TEAM_API_KEY": ada}
    assert "use aixplain/*, rpm=60, credits=2" in aix("keys", "list", settings=as_root).out
    assert "'ada' already" in refused("keys", "create", "ada", settings=as_root)
    assert "admin key" in refused("keys", "list", status=1, settings=as_ada)
    assert "TEAM_API_KEY" in refused("usage", status=1, settings={"BACKEND_URL": url})
    assert "--force" in refused("keys", "revoke", "root", settings=as_root)
    aix("run", "aixplain/sentiment", "I love this", settings=as_ada)
    assert "aixplain/sentiment" in aix("usage", "--by", "model", settings=as_root).out
    assert aix("keys", "revoke", "ada", settings=as_root).status == 0
    assert aix("keys", "revoke", "root", "--yes", settings=as_root).status == 0
    said = refused("usage", "--hub", url, "--data", "kept", settings={})
    assert said == "--hub asks a hub, --data and --database read its database: give one of them."
    running.interrupt()
    running.end()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("keys", "create", "x", "--limit", "q=3"), "'q=3' is no limit. One looks like rpm=60"),
        (("keys", "create", "x", "--limit", "rpm=many"), "'rpm=many' is no limit."),
        (("keys", "create", "x", "--limit", "rpm=0"), "The limit rpm is a number above zero, and not 0"),
        (("keys", "create", " "), "A key has a name"),
        (("keys", "create", "x", "--expires", "soon"), "--expires is followed by a time like"),
        (("keys", "list"), "There is no hub's database in kept. Name the folder of one with --data."),
        (("keys", "revoke", "x"), "There is no hub's database in kept."),
        (("usage",), "There is no hub's database in kept."),
        (("usage", "--since", "soon"), "--since is followed by a time like"),
        (("usage", "--by", "hour"), "'hour' is nothing to sum by; there are day, model, key."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(refused: Refused, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    assert said in refused(*words, "--data", "kept", settings={})
    assert not (tmp_path / "kept").exists()
