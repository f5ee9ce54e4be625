"""The distribution `aixplain` in the same environment: `import aixplain` warns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def import_with(folder: Path) -> str:
    """What an import prints on stderr, with this folder on the path."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", "import aixplain"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    return done.stderr


@pytest.mark.parametrize("name", ["aixplain-0.2.48.dist-info", "aixplain-0.2.41-py3.11.egg-info"])
def test_the_official_package_beside_this_one_is_warned_of(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    printed = import_with(tmp_path)
    assert "aixplain-models and aixplain share the import name" in printed
    assert "pip uninstall aixplain aixplain-models" in printed
    assert str(tmp_path) in printed


@pytest.mark.parametrize("name", ["aixplain_models-0.1.0.dist-info", "aixplain", "aixplainer-1.0.dist-info"])
def test_other_names_are_not_warned_of(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert import_with(tmp_path) == ""
