"""`aix doctor`: what is set, reachable and wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from aixplain.cli.session import HubOption, JsonOption

if TYPE_CHECKING:
    from aixplain.cli.findings import Finding
    from aixplain.v2._flow import Response
    from aixplain.v2.core import Aixplain

#: Seconds that a service may take, and that a clock may be wrong, before that is worth a word.
SLOW, CLOCK = 2.0, 60.0
#: A service that doesn't answer is one that isn't there.
PATIENCE = 15.0


def doctor(hub: HubOption = None, json: JsonOption = False) -> None:
    """Tell what is set, reachable and wrong. The exit status is 1 when something is."""
    from aixplain.cli.findings import tell

    if not tell(_findings(hub), json=json):
        raise typer.Exit(1)


def _findings(hub: str | None) -> Iterator[Finding]:
    from aixplain.cli.hub_health import database, disk
    from aixplain.cli.hub_options import folder_of, settings_from
    from aixplain.cli.session import is_set_up

    yield _versions()
    yield from _settings_file()
    if hub is not None or is_set_up():
        yield from _service(hub)
    else:
        yield from _own_hub()
    folder = folder_of(settings_from({}).data)
    yield from database(folder)
    yield disk(folder)


def _versions() -> Finding:
    import platform
    from importlib.metadata import version

    from aixplain.cli.findings import Finding

    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("version", "ok", f"aixplain-models {version('aixplain-models')}, {python}")


def _settings_file() -> Iterator[Finding]:
    """The file of profiles: whether it can be read, and by whom."""
    import stat
    from pathlib import Path

    from aixplain.cli.findings import Finding
    from aixplain.v2._profiles import ConfigFile
    from aixplain.v2._settings import config_path, read_profile
    from aixplain.v2.exceptions import ConfigurationError

    path = Path(config_path())
    if not path.exists():
        yield Finding("profiles", "ok", f"There are none; `aix config set` makes them, in {path}.")
        return
    try:
        file = ConfigFile(str(path))
        names, chosen = [file.profile(name).name for name in file.names], read_profile()
    except ConfigurationError as error:
        yield Finding("profiles", "wrong", str(error), f"Correct {path}; `aix config show` checks it.")
        return
    in_use = f"; '{chosen.name}' is in use" if chosen is not None else ""
    yield Finding("profiles", "ok", f"{', '.join(names) or 'none'} in {path}{in_use}.")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("profiles", "wrong", f"Others on this machine can read {path}.", f"chmod 600 {path}")


def _own_hub() -> Iterator[Finding]:
    """Nothing is set, so commands start a hub: whether it starts."""
    from aixplain.cli.failures import Failure
    from aixplain.cli.findings import Finding
    from aixplain.cli.session import own_hub

    yield Finding(
        "service",
        "note",
        "No key and no address are set, so aix runs models on this machine.",
        "For the platform set TEAM_API_KEY, for a hub BACKEND_URL, or make a profile: aix config set api_key",
    )
    began = time.monotonic()
    try:
        with own_hub() as aix:
            total = aix.Model.search(page_size=1).total
    except (Failure, ModuleNotFoundError) as error:
        yield Finding("hub", "wrong", str(error), "Install what it needs: pip install 'aixplain-models[hub]'")
        return
    yield Finding("hub", "ok", f"A hub with {total} models starts in {time.monotonic() - began:.1f} s.")


def _service(hub: str | None) -> Iterator[Finding]:
    """The service: which, with whose key, and how it answers."""
    from aixplain.cli.config import in_use
    from aixplain.cli.findings import Finding
    from aixplain.cli.session import connect
    from aixplain.v2.exceptions import AixplainV2Error

    rows = {name: (value, source) for name, value, source in in_use(None, hub)}
    address, key = rows["backend_url"], rows["api_key"]
    said = "the platform's" if address[1] == "the platform" else f"set by {address[1]}"
    yield Finding("address", "ok", f"{address[0]}, {said}.")
    yield Finding("key", "ok" if key[0] else "note", f"{key[0]}, of {key[1]}." if key[0] else f"None is sent. {key[1]}".strip())
    try:
        with connect(hub) as aix:
            yield from _answers(aix)
    except AixplainV2Error as error:
        yield Finding("service", "wrong", str(error), _way_out(error))


def _answers(aix: Aixplain) -> Iterator[Finding]:
    """Whether the catalog answers, how soon, and what time it is there. Raises what the SDK does."""
    from aixplain.cli.findings import Finding

    aix.client.request_raw("POST", "v2/models/paginate", json=_ONE, timeout=PATIENCE)  # the connection is made
    began = time.monotonic()
    answer = aix.client.request_raw("POST", "v2/models/paginate", json=_ONE, timeout=PATIENCE)
    took = time.monotonic() - began
    told = f"It answers a search in {took * 1000:.0f} ms."
    yield Finding("service", "note", told, "Is it far away, or busy?") if took > SLOW else Finding("service", "ok", told)
    yield from _clock(answer)


_ONE = {"pageNumber": 0, "pageSize": 1, "sort": [{}]}


def _clock(answer: Response) -> Iterator[Finding]:
    from email.utils import parsedate_to_datetime

    from aixplain.cli.findings import Finding

    try:
        away = time.time() - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return  # it doesn't say what time it is there
    if abs(away) <= CLOCK:
        yield Finding("clock", "ok", "It is right within a minute of the service's.")
    else:
        where = "ahead of" if away > 0 else "behind"
        told = f"This machine's clock is {abs(away):,.0f} s {where} the service's."
        yield Finding("clock", "wrong", told, "Set one of them, such as by NTP: expiry and listings go by it.")


def _way_out(error: Exception) -> str:
    from aixplain.v2.exceptions import APIError, ConfigurationError, ConnectionLostError

    if isinstance(error, ConfigurationError):
        return "`aix config show` tells what is set, and by whom."
    if isinstance(error, APIError) and error.status_code in (401, 403):
        return "Set the right key: TEAM_API_KEY, or aix config set api_key"
    if isinstance(error, ConnectionLostError):
        return "Check the address and the network. For a hub of yours: `aix hub serve` starts it, `aix hub doctor` looks at it."
    return "`aix config show` tells which service this is; try again in a moment."
