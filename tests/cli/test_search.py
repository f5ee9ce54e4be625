"""`aix search` finds models."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Aix = Callable[..., Any]


def first_column(text: str) -> list[str]:
    heading, *rows = text.splitlines()
    assert heading.startswith("model ")
    return [row.split()[0] for row in rows]


def test_a_search_without_words_lists_models_with_what_they_are(aix: Aix) -> None:
    done = aix("search")
    assert (done.status, done.err) == (0, "")
    assert {"acme/say", "aixplain/sentiment"} <= set(first_column(done.out))
    assert "Answers with the text." in done.out


def test_several_words_need_no_quotes_and_the_best_match_is_first(aix: Aix) -> None:
    assert first_column(aix("search", "sentences", "split").out)[0] == "aixplain/split-sentences"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (("--function", "keyword-extraction"), ["aixplain/keywords"]),
        (("translate", "--function", "sentiment-analysis"), []),
        (("--developer", "pypdf"), ["aixplain/document-text"]),
        (("--path", "acme/gated"), ["acme/gated-pieces", "acme/gated-work"]),
        (("--supplier", "nobody"), []),
    ],
)
def test_filters_narrow_the_search(aix: Aix, filters: tuple[str, ...], found: list[str]) -> None:
    done = aix("search", *filters, "--json")
    assert sorted(model["assetInfo"]["assetPath"] for model in json.loads(done.out)) == found


def test_pages_follow_each_other_and_say_so(aix: Aix) -> None:
    total = len(json.loads(aix("search", "--path", "acme", "--json").out))
    first = aix("search", "--path", "acme", "--page-size", "5")
    second = aix("search", "--path", "acme", "--page-size", "5", "--page", "2")
    assert first.err == f"5 of {total} models. Next: --page 2\n"
    assert second.err == f"{total - 5} of {total} models.\n"
    assert len({*first_column(first.out), *first_column(second.out)}) == total


def test_a_page_past_the_end_and_a_search_without_a_match_are_told(aix: Aix) -> None:
    past = aix("search", "--path", "acme", "--page", "9")
    assert (past.status, past.out) == (0, "")
    assert past.err.startswith("There is no page 9; the ")
    none = aix("search", "xylophone")
    assert (none.status, none.out) == (0, "")
    assert none.err.startswith("No model matches. Try fewer or other words")


def test_a_pipe_gets_whole_lines(aix: Aix) -> None:
    long = next(line for line in aix("search").out.splitlines() if line.startswith("aixplain/document-text"))
    assert long.endswith("pictures of text have none to read.")
