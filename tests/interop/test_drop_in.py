"""The same script, with the official package and with ours, prints the same."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

pytestmark = pytest.mark.timeout(600)  # the first test makes the environment


def test_a_script_for_the_official_package_prints_the_same_with_ours(official: Any, ours: Any, hub: EmbeddedHub) -> None:
    theirs = official.run("drop_in.py", hub).splitlines()
    assert len(theirs) > 30
    assert ours.run("drop_in.py", hub).splitlines() == theirs
