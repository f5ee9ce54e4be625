"""What is in `deploy` can be read by what it is for, and asks for nothing that isn't there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from aixplain.cli.app import app
from aixplain.hub import Hub
from aixplain.hub.embedded import start
from aixplain.hub.serving import read

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def assert_is_a_command(words: list[str]) -> None:
    """Every word of an `aix …` is a command, or an option that the command has."""
    here: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("--"):
            options = {each for parameter in here.params for each in (*parameter.opts, *parameter.secondary_opts)}
            assert word in options, f"{word} is no option of aix {here.name}"
        else:
            assert word in here.commands, f"{word} is no command of aix {here.name}"
            here = here.commands[word]


def assert_are_settings(variables: dict[str, str], folder: Path) -> None:
    """A hub understands each of the variables; those that name files name ones that are there."""
    ours = {name: value for name, value in variables.items() if name.startswith("AIXPLAIN_HUB_")}
    assert ours
    file = folder / "value"
    file.write_text("a-value")
    for name, value in ours.items():
        assert read({}, {name: str(file) if name.endswith("_FILE") else value}) != read({}, {}), name


# --- The Dockerfile -------------------------------------------------------------------------------


def instructions() -> Iterator[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text("utf-8"))
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def said(word: str) -> list[str]:
    return [rest for each, rest in instructions() if each == word]


def test_the_image_is_made_in_two_stages_from_one_base_and_runs_as_nobody_in_particular() -> None:
    known = {"FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in instructions()} <= known
    build, final = said("FROM")
    assert build.removesuffix(" AS build") == final
    order = [word for word, _ in instructions()]
    assert order.index("USER") < order.index("ENTRYPOINT")
    (user,) = said("USER")
    assert f"useradd --system --uid 10001 --home-dir /data {user} " in said("RUN")[-1]


def test_what_it_copies_exists_and_is_not_left_out() -> None:
    let_in = [line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    for copied in said("COPY"):
        if not copied.startswith("--from=build"):
            for source in copied.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source in let_in


def test_it_runs_a_command_that_exists_with_settings_that_a_hub_knows(tmp_path: Path) -> None:
    command = [word for rest in (*said("ENTRYPOINT"), *said("CMD")) for word in json.loads(rest)]
    assert command[0] == "aix"
    assert_is_a_command(command[1:])
    assert_are_settings(dict(each.split("=", 1) for each in shlex.split(said("ENV")[0])), tmp_path)


def test_its_health_check_finds_a_hub_that_lives_and_fails_without(tmp_path: Path) -> None:
    check = json.loads(said("HEALTHCHECK")[0].partition("CMD ")[2])
    assert check[:2] == ["python", "-c"]
    running = start(tmp_path, Hub(builtin=False, keys=["secret"]))
    running.wait_until_ready()
    code = check[2].replace("http://127.0.0.1:8180", running.url)
    assert subprocess.run([sys.executable, "-c", code], timeout=20).returncode == 0
    running.close()
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=20).returncode == 1


def test_what_it_installs_is_what_the_extras_of_a_hub_want() -> None:
    locked = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements" / "hub.lock").read_text(), re.MULTILINE))
    assert {"starlette", "uvicorn", "prometheus-client", "pgqueuer", "asyncpg", "typer", "msgspec"} <= locked
    assert "pytest" not in locked


# --- The compose file -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def test_what_services_name_is_defined(composed: dict[str, Any]) -> None:
    assert set(composed["services"]) == {"hub", "worker", "database"}
    for name, service in composed["services"].items():
        assert set(service.get("depends_on", {})) <= composed["services"].keys(), name
        assert set(service.get("secrets", [])) <= composed["secrets"].keys(), name
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in composed["volumes"], name
        files = [value for value in service["environment"].values() if value.startswith("/run/secrets/")]
        assert {value.removeprefix("/run/secrets/") for value in files} == set(service["secrets"]), name
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "test" in composed["services"][needed]["healthcheck"]


def test_hub_and_worker_run_commands_that_exist_with_settings_that_they_know(composed: dict[str, Any], tmp_path: Path) -> None:
    for name in ("hub", "worker"):
        service = composed["services"][name]
        assert_is_a_command(["hub", *service["command"]])
        assert_are_settings(service["environment"], tmp_path)
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        grace = float(service["environment"]["AIXPLAIN_HUB_GRACE"])
        assert float(service["stop_grace_period"].removesuffix("s")) > grace


def test_no_secret_stands_in_it(composed: dict[str, Any]) -> None:
    for service in composed["services"].values():
        for name, value in service["environment"].items():
            assert not re.search("KEY|PASSWORD|DATABASE$|SECRET", name) or name.endswith("_FILE"), value


def test_docker_understands_it() -> None:
    probe = subprocess.run(["docker", "compose", "version"], capture_output=True) if shutil.which("docker") else None
    if probe is None or probe.returncode:
        pytest.skip("docker compose is not here")
    subprocess.run(["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"], check=True)


# --- The unit of systemd --------------------------------------------------------------------------


def unit() -> list[tuple[str, str, str]]:
    """Section, name and value of each line."""
    section, found = "", []
    for line in (DEPLOY / "aixplain-hub.service").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, sign, value = line.partition("=")
            assert (sign, name.isidentifier()) == ("=", True), line
            found.append((section, name, value))
    return found


def values(wanted: str) -> list[str]:
    return [value for _, name, value in unit() if name == wanted]


def test_the_unit_starts_a_command_that_exists_with_settings_that_a_hub_knows(tmp_path: Path) -> None:
    assert {section for section, _, _ in unit()} == {"Unit", "Service", "Install"}
    (command,) = values("ExecStart")
    assert command.split()[0] == "/opt/aixplain/bin/aix"
    assert_is_a_command(command.split()[1:])
    variables = dict(each.split("=", 1) for each in values("Environment"))
    config = variables.pop("AIXPLAIN_HUB_CONFIG")
    assert_are_settings(variables, tmp_path)
    credentials = dict(each.split(":") for each in values("LoadCredential"))
    assert {value.removeprefix("%d/") for value in (config, variables["AIXPLAIN_HUB_KEYS_FILE"])} == set(credentials)
    assert float(values("TimeoutStopSec")[0]) > float(variables["AIXPLAIN_HUB_GRACE"])
    assert int(values("LimitNOFILE")[0]) > read({}, {}).most_connections


def test_the_settings_beside_it_are_read_and_are_the_defaults_but_for_the_log() -> None:
    told = read({"config": str(DEPLOY / "hub.toml")}, {})
    assert told == read({"log_level": "info"}, {})


@pytest.mark.parametrize("check", [["verify"], ["security", "--offline=true", "--threshold=20"]])
def test_systemd_understands_it_and_finds_it_guarded(tmp_path: Path, check: list[str]) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not here")
    here = tmp_path / "aixplain-hub.service"
    text = (DEPLOY / "aixplain-hub.service").read_text("utf-8")
    here.write_text(text.replace("/opt/aixplain/bin/aix", str(Path(sys.executable).with_name("aix"))))
    done = subprocess.run(["systemd-analyze", *check, str(here)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(here.name) not in done.stderr
