"""What can be wrong with a hub: its folder, its database, its disk, its address, its keys."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aixplain.cli.findings import Finding
from aixplain.cli.session import check_address
from aixplain.v2._settings import read_profile

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain

GB = 1024**3
#: Less free room than this is worth a word; less than the second is wrong: a hub accepts nothing that it can't keep.
LITTLE, TOO_LITTLE = 2 * GB, GB // 5


def folder(data: Path) -> Finding:
    """Whether a hub can work in this folder, and whether one does."""
    if not data.exists():
        return Finding("folder", "note", f"There is none yet at {data}.", "`aix hub serve` makes it.")
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "folder", "wrong", f"This user may not write to {data}.", "Name another with --data, or change its owner."
        )
    process = working_in(data)
    told = f"Process {process} serves it." if process else "No hub serves it now; `aix hub serve` does."
    return Finding("folder", "ok", f"{data}. {told}")


def working_in(data: Path) -> str:
    """The process of the hub that works in this folder; "" when none does."""
    import fcntl

    try:
        with (data / "hub.lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() or "unknown"
    except OSError:  # none has ever worked here, or it is not ours to read
        return ""
    return ""


def database(data: Path) -> Iterator[Finding]:
    """Whether the database is whole, how large it is, and what is in it. None is fine."""
    path = data / "hub.sqlite"
    if not path.exists():
        return
    try:
        with contextlib.closing(_open(path)) as connection:
            yield from _looked_at(connection, path)
    except sqlite3.Error as error:
        yield Finding("database", "wrong", f"{path} can't be read: {error}.", _RESTORE)


_RESTORE = "Stop the hub, and put a backup in its place, or move it away to begin anew."


def _looked_at(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    # The quick check of SQLite 3.40 takes the columns of tables without row ids for one another.
    problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        yield Finding("database", "wrong", f"{path} is damaged: {problem}.", _RESTORE)
        return
    counts = dict(connection.execute("SELECT state, count(*) FROM runs GROUP BY state").fetchall())
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())) or "none"
    size = sum(each.stat().st_size for each in path.parent.glob("hub.sqlite*"))
    yield Finding("database", "ok", f"{path} is whole, {size / 1024**2:,.1f} MB. Runs: {states}.")


def disk(data: Path) -> Finding:
    """Whether there is room where the database is, or would be."""
    place = next(each for each in (data, *data.parents) if each.exists())
    free = shutil.disk_usage(place).free
    told = f"{free / GB:,.1f} GB are free for {data}."
    if free < TOO_LITTLE:
        return Finding("disk", "wrong", told, "Make room, or name a folder on another disk with --data.")
    return Finding("disk", "note" if free < LITTLE else "ok", told)


def named_address(hub: str | None, *, is_local: bool) -> str | None:
    """Return the address that --hub, BACKEND_URL or a profile names; with `is_local` (--data) only --hub counts."""
    if hub is not None or is_local:
        return hub and check_address(hub)
    profile = read_profile()
    return os.environ.get("BACKEND_URL") or (profile.backend_url if profile is not None else None)


def address(url: str, *, expected: bool, check_key: bool) -> Iterator[Finding]:
    """Whether a hub answers there; it is `expected` where one is at work. With `check_key`, whether it takes this key."""
    from aixplain.v2.core import Aixplain
    from aixplain.v2.exceptions import AixplainV2Error, APIError

    began = time.monotonic()
    try:
        with Aixplain(backend_url=url, connect_timeout=5) as aix:
            answer = aix.client.get("healthz", timeout=10)
            took = time.monotonic() - began
            refused = _refused(aix) if check_key and is_hub(answer) else None
    except APIError as error:
        if error.status_code in (404, 405, 501):
            yield _no_hub(url)
        else:
            yield Finding("address", "wrong", str(error), "Try again in a moment, or look at the log of the hub.")
        return
    except AixplainV2Error as error:
        way_out = (
            "Did it start elsewhere, or not at all? Name its address with --hub, or start it: aix hub serve"
            if expected
            else "`aix hub serve` starts one."
        )
        yield Finding("address", "wrong" if expected else "note", str(error), way_out)
        return
    if not is_hub(answer):
        yield _no_hub(url)
        return
    yield Finding("address", "ok", f"{url} answers in {took * 1000:.0f} ms.")
    if refused:
        yield Finding("key", "wrong", refused, "Set a key of this hub: TEAM_API_KEY, or aix config set api_key")


def is_hub(answer: object) -> bool:
    """Return True for what a hub answers when it is asked whether it works."""
    return isinstance(answer, dict) and answer.get("status") == "ok"


def _no_hub(url: str) -> Finding:
    return Finding("address", "wrong", f"{url} answers, but is no hub.", "Name the hub's address with --hub.")


def _refused(aix: Aixplain) -> str | None:
    """Return what the hub says to a key that it doesn't take, or to none; None if it answers."""
    from aixplain.v2.exceptions import APIError

    try:
        aix.Model.search(page_size=1)
    except APIError as error:
        if error.status_code not in (401, 403):
            raise
        return str(error)
    return None


def shared_database(url: str, named: int) -> Iterator[Finding]:
    """Whether the PostgreSQL database can be reached, and who may use a hub over it, which is told `named` keys."""
    from aixplain.hub.errors import HubError
    from aixplain.hub.opening import check_libraries

    try:
        check_libraries()
        kept = asyncio.run(_shared_keys(url))
    except HubError as error:
        yield Finding("database", "wrong", str(error))
        return
    yield Finding("database", "ok", "The PostgreSQL database answers.")
    yield keys(named, kept)


async def _shared_keys(url: str) -> int:
    """How many keys there are or were in a database, which need not be a hub's yet. Raises `HubError`."""
    from aixplain.hub.store.postgres.pool import connect

    connection = await connect(url)
    try:
        is_there = await connection.fetchval("SELECT to_regclass('keys') IS NOT NULL")
        return int(await connection.fetchval("SELECT count(*) FROM keys")) if is_there else 0
    finally:
        await connection.close()


def kept_keys(data: Path) -> int:
    """How many keys there are or were in a folder's database: a hub wants one for good once it had one."""
    try:
        with contextlib.closing(_open(data / "hub.sqlite")) as connection:
            return int(connection.execute("SELECT count(*) FROM keys").fetchone()[0])
    except sqlite3.Error:  # there is no database, or one that is told of by itself
        return 0


def keys(named: int, kept: int) -> Finding:
    """Who may use a hub that is started from here, with so many keys in its settings and in its database."""
    counts = {"in its settings": named, "in its database": kept}
    places = " and ".join(f"{count:,} {where}" for where, count in counts.items() if count)
    if places:
        return Finding("keys", "ok", f"A hub that is started here wants a key. It has {places}.")
    return Finding("keys", "ok", "There are none, so a hub that is started here serves this machine alone.")


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
