"""Without a key and without an address, `aix` uses a hub of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

Aix = Callable[..., Any]


def test_a_model_runs_with_nothing_set_up_and_nothing_is_left_behind(aix: Aix, tmp_path: Path) -> None:
    settings = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = aix("run", "aixplain/sentiment", "I love this", settings=settings)
    assert (done.status, done.out, done.err) == (0, "POSITIVE\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_of_its_own_hub_is_a_sentence_and_no_log(aix: Aix) -> None:
    done = aix("run", "aixplain/document-text", input=b"no PDF", settings={})
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("aix: Operation failed: The document is no PDF")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["TEAM_API_KEY", "AIXPLAIN_API_KEY"])
def test_a_key_and_an_address_of_the_environment_choose_the_service(aix: Aix, guarded: EmbeddedHub, name: str) -> None:
    done = aix("search", "--path", "aixplain/k", settings={name: "a-key-that-nobody-may-see", "BACKEND_URL": guarded.url})
    assert "aixplain/keywords" in done.out


def test_an_address_that_is_typed_wins_over_the_environment(aix: Aix, hub: EmbeddedHub) -> None:
    done = aix("run", "acme/say", "hi", "--hub", hub.url, settings={"BACKEND_URL": "http://127.0.0.1:9"})
    assert done.out == "hi\n"


LOADED_BY_HELP = """
import sys
from aixplain.cli import main
sys.argv[1:] = ["--help"]
try:
    main()
except SystemExit:
    print(*sys.modules)
"""


def test_help_loads_neither_the_sdk_nor_the_hub_nor_rich() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED_BY_HELP], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    assert not {"aixplain.v2", "aixplain.hub", "rich", "httptools", "msgspec", "starlette", "asyncio"} & set(loaded)


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], [], ["search", "-h"], ["run", "--help"], ["hub"], ["hub", "serve", "-h"]]
)
def test_help_of_each_command_fits_80_columns(aix: Aix, words: list[str]) -> None:
    done = aix(*words)
    lines = (done.out + done.err).splitlines()
    assert lines[0].startswith(f"Usage: {' '.join(['aix', *words]).split(' -')[0]} [OPTIONS]")
    assert max(map(len, lines)) <= 80
