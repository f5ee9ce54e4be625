"""Status words of a run: what each of them means, in any case."""

from __future__ import annotations

import pytest

from aixplain._wire.statuses import is_failure, is_finished, is_success

FAILURES = ["FAILED", "ABORTED", "CANCELED", "failed", "Aborted", "canceled", "Cancelled"]
SUCCESSES = ["SUCCESS", "COMPLETED", "success", "Completed"]
RUNNING = ["IN_PROGRESS", "in_progress"]
UNKNOWN = ["", "DONE_WELL", "EXPIRED", "QUEUED"]


@pytest.mark.parametrize("completed", [True, False, None])
def test_words_that_are_known_mean_the_same_whatever_completed_says(completed: bool | None) -> None:
    for word in FAILURES:
        assert (is_failure(word), is_success(word, completed), is_finished(word, completed)) == (True, False, True)
    for word in SUCCESSES:
        assert (is_failure(word), is_success(word, completed), is_finished(word, completed)) == (False, True, True)
    for word in RUNNING:
        assert not is_failure(word)
        assert not is_finished(word, completed)


@pytest.mark.parametrize("word", UNKNOWN)
def test_an_unknown_word_means_what_completed_says(word: str) -> None:
    assert not is_failure(word)
    assert is_success(word, completed=True)
    assert not is_finished(word, completed=False)
