"""Keys and usage of a hub at an address: when they are asked for over HTTP, and what is said where that fails."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aixplain.cli.session import connect

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain

_REFUSED = (400, 404, 409, 422)


def is_remote(hub: str | None, data: Path | None, database: str | None) -> bool:
    """Return True if an address is set, by --hub, BACKEND_URL or a profile, and no database is named.

    Raises `UsageProblem` for both.
    """
    from aixplain.cli.failures import UsageProblem

    if data is not None or database is not None:
        if hub is not None:
            raise UsageProblem("--hub asks a hub, --data and --database read its database: give one of them.")
        return False
    if hub is not None or os.environ.get("BACKEND_URL"):
        return True
    from aixplain.v2._settings import read_profile

    profile = read_profile()
    return profile is not None and bool(profile.backend_url)


@contextlib.contextmanager
def administered(hub: str | None) -> Iterator[Aixplain]:
    """Give the client of the hub. Raises `UsageProblem` or `Failure` with what to do where it refuses."""
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.v2.exceptions import APIError

    with connect(hub) as aix:
        try:
            yield aix
        except APIError as error:
            said = error.response_data.get("message")
            if error.status_code in (401, 403):
                told = said if isinstance(said, str) else str(error)
                raise Failure(
                    f"{aix.backend_url} refused: {told} "
                    "Set TEAM_API_KEY to an admin key of this hub, or use --data or --database on the hub's machine."
                ) from error
            if error.status_code in _REFUSED and isinstance(said, str):
                raise UsageProblem(said) from error
            if error.status_code in (404, 405):
                raise UsageProblem(f"{aix.backend_url} is not a hub. Name the address of one with --hub URL.") from error
            raise


def results(aix: Aixplain, answer: Any) -> list[dict[str, Any]]:
    """Return the list in an answer. Raises `UsageProblem` if something else than a hub answered."""
    from aixplain.cli.failures import UsageProblem

    found = answer.get("results") if isinstance(answer, dict) else answer
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UsageProblem(f"{aix.backend_url} answers, but is not a hub. Name the address of one with --hub URL.")
    return found
