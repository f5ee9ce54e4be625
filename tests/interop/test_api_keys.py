"""The official package administers the hub's keys as it does those of the platform."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.embedded import start
from aixplain.hub.keys import digest_of, hint_of, id_of
from aixplain.hub.opening import Place
from aixplain.hub.opening.books import books
from aixplain.hub.store.keys import Key

from ..conftest import models_for_tests

pytestmark = pytest.mark.timeout(600)  # the first test makes the environment
#: What the client's environment has as its key.
ADMIN = "a-key"


async def let_administer(folder: Path) -> None:
    digest = digest_of(ADMIN)
    async with books(Place(folder)) as kept:
        await kept.keys.add(Key(id_of(digest), "admin", hint_of(ADMIN), is_admin=True), digest)


def test_keys_are_made_changed_told_and_deleted(official: Any, tmp_path: Path) -> None:
    asyncio.run(let_administer(tmp_path))
    hub = start(tmp_path, models_for_tests(threading.Event()))
    try:
        told = json.loads(official.run("api_keys.py", hub))
    finally:
        hub.close()
    assert "Use an admin key" in told.pop("refused")
    assert told == {
        "secret": "aixh_",
        "name": "bob",
        "budget": 10.0,
        "whole": 100,
        "of model": 4,
        "known": True,
        "listed": ["admin", "bob"],
        "output": "HI!",
        "used": [1, 1],
        "may": [100, 4],
        "left": ["admin"],
    }
