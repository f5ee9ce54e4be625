"""Which service a command talks to: a hub by address, the platform by key, else a hub of its own."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from aixplain.v2._settings import read_profile
from aixplain.v2.core import Aixplain

HubOption = Annotated[
    str | None,
    typer.Option("--hub", metavar="URL", help="The hub to use, such as http://127.0.0.1:8180.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]

_REMOTE = ("TEAM_API_KEY", "AIXPLAIN_API_KEY", "BACKEND_URL")


def connect(hub: str | None) -> Aixplain:
    """The client that a command uses; close it."""
    if hub is not None:
        return Aixplain(backend_url=hub)
    return Aixplain() if _is_set_up() else Aixplain.local()


def _is_set_up() -> bool:
    """Whether the environment or a profile says where to go, or with which key."""
    if any(os.environ.get(name) for name in _REMOTE):
        return True
    profile = read_profile()
    return profile is not None and bool(profile.has_key or profile.backend_url or profile.model_url)
