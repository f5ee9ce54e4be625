"""`aix compare` runs several models on one input, all at once."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from rich.cells import cell_len

Aix = Callable[..., Any]
Refused = Callable[..., str]


def test_each_model_says_its_own_and_what_it_took(aix: Aix) -> None:
    done = aix("compare", "acme/costs,acme/talk", "hello")
    assert (done.status, done.err) == (0, "")
    first, second = done.out.split("\n\n")
    name, answer, facts = first.splitlines()
    assert (name, answer) == ("acme/costs", "hello")
    assert re.fullmatch(r"[\d.]+ m?s, 7 tokens, 5 credits", facts)
    assert second.splitlines()[:2] == ["acme/talk", "0 before, no context, 0.5: hello"]


def test_one_that_fails_takes_nothing_from_the_others(aix: Aix) -> None:
    done = aix("compare", "acme/broken,acme/say", "hi", "--json")
    assert done.status == 1
    broken, say = json.loads(done.out)
    assert (broken["model"], broken["data"]) == ("acme/broken", None)
    assert "this text is not for me" in broken["error"]
    assert (say["data"], say["error"]) == ("hi", None)
    assert say["seconds"] > 0


def test_a_terminal_shows_them_side_by_side_where_they_fit(terminal: Callable[..., Any]) -> None:
    screen = terminal("compare", "acme/costs,acme/say", "一二三四五六七八九十" * 3 + " end")
    assert screen.status == 0
    assert max(map(cell_len, screen.lines)) <= 80
    assert screen.lines[0].split() == ["acme/costs", "acme/say"]
    assert [line.split() for line in screen.lines if "tokens" in line] == [["7", "tokens"]]
    below = terminal("compare", "acme/costs,acme/say,acme/talk,acme/typed", "hi").lines
    assert [line for line in below if line.startswith("acme/")] == ["acme/costs", "acme/say", "acme/talk", "acme/typed"]


def test_what_can_not_be_asked_of_all_is_asked_of_none(refused: Refused) -> None:
    assert refused("compare", "acme/say,acme/none", "hi").startswith("There is no model 'acme/none' on this hub")
    assert refused("compare", ",", "hi").startswith("Which models? Name them with commas between")
    assert refused("compare", "acme/typed,acme/say", "hi", "whole=3").startswith("acme/say has no input 'whole'")


def test_ctrl_c_cancels_all_of_them(started: Callable[..., Any], aix: Aix, gate: threading.Event) -> None:
    gate.clear()

    def running() -> list[str]:
        listed = json.loads(aix("runs", "list", "--model", "acme/gated-work", "--status", "started", "--json").out)
        return [run["requestId"] for run in listed]

    process = started("compare", "acme/gated-work,acme/gated-work", "hi")
    while len(ids := running()) < 2:
        """They have not reached the hub."""
    process.interrupt()
    assert process.end().status == 130
    gate.set()
    shown = [json.loads(aix("runs", "show", id, "--json").out)["state"] for id in ids]
    assert shown == ["canceled", "canceled"]
