"""Which service a command talks to: a hub by address, the platform by key, else a hub of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain
    from aixplain.v2.model import Model

HubOption = Annotated[
    str | None,
    typer.Option("--hub", metavar="URL", help="The hub to use, such as http://127.0.0.1:8180.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="The model's id or path.", show_default=False)]

_REMOTE = ("TEAM_API_KEY", "AIXPLAIN_API_KEY", "BACKEND_URL")


def connect(hub: str | None) -> Aixplain:
    """The client that a command uses; close it."""
    from aixplain.v2.core import Aixplain

    if hub is not None:
        return Aixplain(backend_url=check_address(hub))
    return Aixplain() if is_set_up() else own_hub()


def connect_to_hub(hub: str | None) -> Aixplain:
    """The client of a hub that stays. Raises `UsageProblem` where there would be none but one of this command's own."""
    from aixplain.cli.failures import UsageProblem

    if hub is None and not is_set_up():
        raise UsageProblem(
            "No hub is named, and the runs of aix's own go when a command ends. "
            "Name one with --hub URL or BACKEND_URL; `aix hub serve` starts one."
        )
    return connect(hub)


def is_set_up() -> bool:
    """Whether the environment or a profile says where to go, or with which key."""
    if any(os.environ.get(name) for name in _REMOTE):
        return True
    from aixplain.v2._settings import read_profile

    profile = read_profile()
    return profile is not None and bool(profile.has_key or profile.backend_url or profile.model_url)


def check_address(hub: str) -> str:
    """Return the address of --hub. Raises `UsageProblem` if it is empty."""
    from aixplain.cli.failures import UsageProblem

    if not hub.strip():
        raise UsageProblem("--hub is followed by an address, such as http://127.0.0.1:8180, and this one is empty.")
    return hub


def own_hub() -> Aixplain:
    """A client of a hub inside this process. Raises `Failure` when the hub can't start."""
    import logging

    from aixplain.cli.failures import Failure
    from aixplain.hub.errors import HubError
    from aixplain.v2.core import Aixplain

    logging.getLogger().addHandler(logging.NullHandler())  # it, and its models' libraries, fail in sentences here
    try:
        return Aixplain.local()
    except HubError as error:
        raise Failure(str(error)) from error


def find(aix: Aixplain, id: str) -> Model:
    """The model of this id or path. Raises `UsageProblem` when the service has none."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.v2.exceptions import APIError

    try:
        return aix.Model.get(id)
    except APIError as error:
        said = error.response_data.get("message")
        if error.status_code != 404 or not isinstance(said, str):
            raise
        raise UsageProblem(f"{said} `aix search` lists the models.") from error
