"""`aix show` tells what a model is and what it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Aix = Callable[..., Any]


def test_a_model_is_shown_with_its_inputs(aix: Aix) -> None:
    done = aix("show", "acme/typed")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Typed  acme/typed\nAnswers with what it got.\n\nid ")
    rows = [line.split(maxsplit=3) for line in done.out.splitlines()]
    assert ["text", "text", "required"] in rows
    assert ["whole", "number", "7", "A number (from 1 to 9)"] in rows
    assert ["mood", "label", "glad", "(one of glad, angry)"] in rows
    assert ["license", "MIT"] in rows
    assert ["made", "by", "acme", "1.2"] in rows


def test_an_id_and_a_path_show_the_same_model(aix: Aix) -> None:
    by_path = aix("show", "acme/typed", "--json")
    model = json.loads(by_path.out)
    assert [each["name"] for each in model["params"]] == ["text", "whole", "part", "loud", "extra", "words", "mood"]
    assert aix("show", model["id"], "--json").out == by_path.out


def test_what_takes_several_values_says_so(aix: Aix) -> None:
    assert "several text" in aix("show", "acme/typed").out
