"""`aix show` tells what a model is and what it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Aix = Callable[..., Any]


def test_a_model_is_shown_with_its_inputs(aix: Aix) -> None:
    done = aix("show", "aixplain/summarize")
    assert (done.status, done.err) == (0, "")
    rows = [line.split(maxsplit=3) for line in done.out.splitlines()]
    assert ["text", "text", "required"] in rows
    assert ["sentences", "number", "3", "How many sentences to keep (from 1 to 100)"] in rows
    assert ["language", "label", "en", "The text's language (one of cs, de, en, es, fr, it, pt, sv)"] in rows
    assert "license    Apache-2.0\n" in done.out


def test_an_id_and_a_path_show_the_same_model(aix: Aix) -> None:
    by_path = aix("show", "acme/typed", "--json")
    model = json.loads(by_path.out)
    assert [each["name"] for each in model["params"]] == ["text", "whole", "part", "loud", "extra", "words", "mood"]
    assert aix("show", model["id"], "--json").out == by_path.out


def test_what_takes_several_values_says_so(aix: Aix) -> None:
    assert "several text" in aix("show", "acme/typed").out
