"""`aix runs` lists, shows, attends, cancels and retries the runs of a hub."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from aixplain.hub import Hub, Settings
from aixplain.hub.embedded import EmbeddedHub, start

Aix = Callable[..., Any]
Refused = Callable[..., str]
Started = Callable[..., Any]


@pytest.fixture(autouse=True)
def closed(gate: threading.Event) -> Iterator[None]:
    gate.clear()
    yield
    gate.set()


def accepted(started: Started, text: str) -> str:
    """A run that was just started in the background, and goes on: its id."""
    running = started("run", "acme/gated-work", text, "--async")
    line = running.stderr.readline().strip()
    assert running.stderr.readline() == "running: 25 %\n"
    running.process.kill()
    assert line.startswith("Accepted as run ")
    return str(line.removeprefix("Accepted as run ").removesuffix("."))


def listed(aix: Aix, *words: str) -> list[dict[str, Any]]:
    return list(json.loads(aix("runs", "list", "--json", *words).out))


def test_a_list_has_the_newest_first_with_whole_ids_where_it_is_piped(aix: Aix) -> None:
    aix("run", "acme/costs", "four")
    aix("run", "acme/broken", "hi")
    heading, *rows = aix("runs", "list", "--page-size", "2").out.splitlines()
    assert heading.split() == ["run", "status", "accepted", "took", "tokens", "credits", "model", "error"]
    assert [row.split()[1] for row in rows] == ["failed", "finished"]
    assert rows[0].endswith("acme/broken  this text is not for me")
    assert rows[1].split()[-3:] == ["7", "4", "acme/costs"]
    assert len(rows[0].split()[0]) == 36


def test_filters_and_pages(aix: Aix) -> None:
    aix("run", "acme/broken", "hi")
    assert {run["model"] for run in listed(aix, "--status", "failed", "--model", "acme/broken")} == {"acme/broken"}
    done = aix("runs", "list", "--page-size", "1")
    assert " runs. Next: --page 2" in done.err
    assert aix("runs", "list", "--until", "2001-01-01").err == "There are no such runs.\n"
    assert "There is no page 900; the" in aix("runs", "list", "--page", "900").err


def test_a_run_is_found_by_the_end_of_its_id(aix: Aix, started: Started, gate: threading.Event) -> None:
    id = accepted(started, "worth it")
    shown = aix("runs", "show", id[-8:]).out
    assert f"run       {id}\n" in shown
    assert "status    started, 25% done\n" in shown
    gate.set()
    done = aix("runs", "attach", id[-8:])
    assert (done.status, done.out) == (0, "worth it\n")
    assert aix("runs", "show", id).out.endswith("\n\nworth it\n")
    assert json.loads(aix("runs", "show", id, "--json").out)["answer"]["data"] == "worth it"


def test_runs_are_canceled(aix: Aix, started: Started) -> None:
    ids = [accepted(started, text) for text in ("one", "two")]
    done = aix("runs", "cancel", *ids)
    assert (done.status, done.out, done.err) == (0, "", f"Canceled {ids[0]}.\nCanceled {ids[1]}.\n")
    assert [run["state"] for run in listed(aix, "--page-size", "2")] == ["canceled", "canceled"]
    attended = aix("runs", "attach", ids[0])
    assert attended.status == 1
    assert "canceled before it ended" in attended.err


def test_an_answer_that_is_not_kept_is_said_to_be_so(aix: Aix, hub: EmbeddedHub) -> None:
    urlopen(Request(f"{hub.url}/api/v2/execute/acme%2Fsay", b'{"text": "hi"}', {"content-type": "application/json"})).close()
    assert "Its answer is not kept" in aix("runs", "show", listed(aix, "--page-size", "1")[0]["requestId"]).err


def test_a_run_is_run_anew_where_its_inputs_are_kept(aix: Aix, tmp_path: Path) -> None:
    hub = Hub(builtin=False, settings=Settings(keeps_contents=True))

    @hub.model("acme/work", asynchronous=True)
    def work(text: str) -> str:
        return text.upper()

    running = start(tmp_path / "kept", hub)
    where = {"BACKEND_URL": running.url}
    try:
        aix("run", "acme/work", "again", settings=where)
        id = json.loads(aix("runs", "list", "--json", settings=where).out)[0]["requestId"]
        done = aix("runs", "retry", id, settings=where)
        assert (done.status, done.out) == (0, "AGAIN\n")
        assert done.err.startswith("Accepted as run ")
        background = aix("runs", "retry", id, "--async", settings=where)
        assert aix("runs", "attach", background.out.strip(), settings=where).out == "AGAIN\n"
    finally:
        running.close()


def test_a_run_whose_inputs_are_gone_is_not_run_anew(aix: Aix, refused: Refused) -> None:
    aix("run", "acme/say", "hi")
    told = refused("runs", "retry", listed(aix, "--page-size", "1")[0]["requestId"])
    assert told.endswith("is over (finished), and its inputs are not kept. Run the model anew.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "beef"], "No run among the newest 1,000 ends in 'beef'. `aix runs list` shows them; give the whole id."),
        (["attach", "0" * 36], f"There is no run '{'0' * 36}' on this hub."),
        (["cancel", "0" * 36], f"There is no run '{'0' * 36}' on this hub."),
        (["retry", "0" * 36], f"There is no run '{'0' * 36}' on this hub."),
        (["list", "--status", "odd"], "'odd' is no status of a run; there are IN_PROGRESS, SUCCESS"),
        (["list", "--since", "soon"], "since is a time like 2026-03-19T13:27:29Z, or a day, and not 'soon'."),
    ],
)
def test_what_can_not_be_done_is_said_in_the_words_of_the_hub(refused: Refused, words: list[str], said: str) -> None:
    assert refused("runs", *words).startswith(said)


def test_a_run_that_goes_on_or_is_over_is_not_what_some_commands_are_for(refused: Refused, aix: Aix, started: Started) -> None:
    id = accepted(started, "on")
    assert refused("runs", "retry", id) == f"The run '{id}' goes on. Cancel it first, or wait for its answer."
    aix("run", "acme/say", "hi")
    over = listed(aix, "--page-size", "1")[0]["requestId"]
    assert "is over (finished)" in refused("runs", "cancel", over)


def test_without_a_hub_that_stays_there_are_no_runs(refused: Refused) -> None:
    assert refused("runs", "list", settings={}).startswith("No hub is named, and the runs of aix's own go when a command ends.")
