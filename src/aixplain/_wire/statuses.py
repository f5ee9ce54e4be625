"""Status words of a run: which of them mean that it succeeded, failed, or is still running.

The words vary with the service. Every part of the SDK and of the hub that reads one asks these functions.
"""

from __future__ import annotations

from aixplain._wire.messages import FAILED, IN_PROGRESS, SUCCESS

#: Words of a successful end, whatever `completed` says.
SUCCESSES = frozenset({SUCCESS, "COMPLETED"})
#: Words of a failed end, whatever `completed` says.
FAILURES = frozenset({FAILED, "ABORTED", "CANCELED", "CANCELLED"})


def is_failure(status: str) -> bool:
    """Tell whether this word ends a run without a result.

    >>> [is_failure(word) for word in ("FAILED", "canceled", "COMPLETED", "DONE_WELL")]
    [True, True, False, False]
    """
    return status.upper() in FAILURES


def is_success(status: str, completed: object = False) -> bool:
    """Tell whether a run with this word has ended well. An unknown word means what `completed` says.

    >>> [is_success(word) for word in ("SUCCESS", "success", "COMPLETED", "DONE_WELL", "IN_PROGRESS")]
    [True, True, True, False, False]
    >>> is_success("DONE_WELL", completed=True), is_success("FAILED", completed=True)
    (True, False)
    """
    word = status.upper()
    return word in SUCCESSES or (completed is True and word != IN_PROGRESS and word not in FAILURES)


def is_finished(status: str, completed: object = False) -> bool:
    """Tell whether a run with this word has ended, well or not.

    >>> is_finished("aborted"), is_finished("IN_PROGRESS", completed=True), is_finished("", completed=True)
    (True, False, True)
    """
    return is_failure(status) or is_success(status, completed)
