"""The wheel holds what it needs, and its base install is the SDK alone, which says what more would need."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from aixplain.hub.embedded import EmbeddedHub

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("aixplain_models-*.whl"))


@pytest.fixture(scope="session")
def base_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and the locked base dependencies, no extra."""
    folder = tmp_path_factory.mktemp("base")
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(packages)
    for name in base_dependencies():
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        (packages / name).symlink_to(Path(spec.origin).parent)
    return folder / "bin" / "python"


def base_dependencies() -> list[str]:
    lock = (ROOT / "requirements" / "base.lock").read_text("utf-8")
    return [line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))]


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-I", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    source = ROOT / "src"
    ours = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if name.startswith("aixplain/")} == ours
    assert {
        "aixplain/py.typed",
        "aixplain/hub/store/sqlite/migrations/0001.sql",
        "aixplain/hub/store/sqlite/queries/runs.sql",
        "aixplain/hub/store/postgres/migrations/0001.sql",
    } <= names


def test_the_wheel_has_its_licence_its_command_and_its_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = next(name for name in archive.namelist() if name.endswith("/METADATA")).removesuffix("METADATA")
        metadata = message_from_bytes(archive.read(info + "METADATA"))
        assert archive.read(info + "licenses/LICENSE").lstrip().startswith(b"Apache License")
        assert b"aix = aixplain.cli:main" in archive.read(info + "entry_points.txt")
    assert metadata["Name"] == "aixplain-models"
    assert {"hub", "httpx2", "mcp", "otel", "parquet", "postgres", "vendors"} == set(metadata.get_all("Provides-Extra", []))
    assert metadata["License-Expression"] == "Apache-2.0"


def test_the_base_install_runs_models_of_a_hub(base_python: Path, hub: EmbeddedHub) -> None:
    code = f"from aixplain import Aixplain; print(Aixplain(backend_url={hub.url!r}).Model.get('acme/say').run(text='hi').data)"
    assert run(base_python, "-c", code).stdout == "hi\n"


def test_the_base_install_says_what_a_hub_needs(base_python: Path) -> None:
    last_line = run(base_python, "-c", "from aixplain import Aixplain; Aixplain.local()").stderr.splitlines()[-1]
    assert last_line.startswith("aixplain.v2.exceptions.ConfigurationError: The hub needs ")
    assert last_line.endswith("which is not installed: pip install 'aixplain-models[hub]'")


def test_the_base_install_says_what_aix_needs(base_python: Path) -> None:
    done = run(base_python, "-m", "aixplain.cli", "search")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "aix: This needs typer, which is not installed: pip install 'aixplain-models[hub]'\n"
