"""Installed packages offer models by an entry point; a broken one is left out, and the hub serves the others."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Started = Callable[..., Any]

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-{name}"
version = "1.0"

[project.entry-points."aixplain.models"]
{name} = "acme_{name}:{object}"

[tool.hatch.build.targets.wheel]
include = ["acme_{name}.py"]
"""
MODELS = """
from aixplain.hub import Models
models = Models()

@models.model("{path}", process={process})
def shout(text: str) -> str:
    return text.upper()

def give() -> Models:
    return models
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with packages that pip built and installed."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    packages = {
        "object": ("models", MODELS.format(path="acme/object", process=True)),
        "function": ("give", MODELS.format(path="acme/function", process=False)),
        "broken": ("models", "import no_such_thing"),
        "ends": ("models", "raise SystemExit(3)"),
        "other": ("models", "models = 3"),
        "taken": ("models", MODELS.format(path="aixplain/sentiment", process=False)),
    }
    for name, (object, code) in packages.items():
        (sources / name).mkdir()
        (sources / name / "pyproject.toml").write_text(PROJECT.format(name=name, object=object))
        (sources / name / f"acme_{name}.py").write_text(code)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", target, *(sources / name for name in packages)], check=True, capture_output=True)
    return target


def test_packages_offer_models_and_a_broken_one_keeps_no_hub_from_serving(
    started: Started, aix: Callable[..., Any], installed: Path
) -> None:
    running = started("hub", "serve", "--port", "0", "--data", "kept", settings={"PYTHONPATH": str(installed)})
    said: list[str] = []
    while not (told := re.match(r"The hub serves \d+ models at (\S+) and", line := running.stderr.readline())):
        assert line, said
        said.append(line)
    for path, answer in [("acme/object", "A\n"), ("acme/function", "A\n"), ("aixplain/sentiment", "POSITIVE\n")]:
        assert aix("run", path, "a" if path.startswith("acme") else "I love it", "--hub", told[1], settings={}).out == answer
    assert [line.partition(" aixplain.hub ")[2].rstrip() for line in said] == [
        "models of the package acme-broken are left out: ModuleNotFoundError: No module named 'no_such_thing'",
        "models of the package acme-ends are left out: SystemExit: 3",
        "models of the package acme-other are left out: TypeError: acme_other:models gives 3, and no Models",
        "a model of the package acme-taken is left out: "
        "There are two models at the path 'aixplain/sentiment'; a path names one.",
    ]
    running.interrupt()
    assert running.end().status == 0
