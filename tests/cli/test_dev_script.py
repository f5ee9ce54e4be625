"""`./dev` makes its environment on a fresh machine, and says what is in the way. Python is played by a script here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("cat", "chmod", "cmp", "cp", "dirname", "mkdir", "rm", "touch")

#: Answers what `./dev` asks a Python, notes what pip is asked, and fails where the test puts a file named `offline`.
PYTHON = """#!/bin/sh
case "$1 $2" in
    -c*) {probe} ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo made >> ../calls ;;
    "-m pip") for last; do :; done; echo "pip $last" >> ../calls; [ ! -e ../offline ] ;;
    *) echo "ran $*" ;;
esac
"""


class Machine:
    """A folder with a checkout, and a PATH with little on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.checkout, self.path = folder, folder / "checkout", folder / "bin"
        self.path.mkdir()
        (self.checkout / "requirements").mkdir(parents=True)
        shutil.copy(ROOT / "dev", self.checkout)
        for name in ("pyproject.toml", "requirements/test.lock", "requirements/check.lock"):
            (self.checkout / name).write_text("as it is\n")
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or tool)

    def install(self, name: str, probe: str) -> None:
        """A Python on the PATH that answers the probe like this."""
        (self.path / name).write_text(PYTHON.format(probe=probe))
        (self.path / name).chmod(0o755)

    def dev(self, *arguments: str) -> tuple[int, str]:
        """Exit status, and all that `./dev` wrote."""
        shell = shutil.which("dash") or "/bin/sh"
        done = subprocess.run(
            [shell, self.checkout / "dev", *arguments],
            env={"PATH": str(self.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def calls(self) -> list[str]:
        """What was made and installed since the last look."""
        noted = self.folder / "calls"
        lines = noted.read_text().splitlines() if noted.exists() else []
        noted.unlink(missing_ok=True)
        return lines


@pytest.fixture
def bare_machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def machine(bare_machine: Machine) -> Machine:
    """One with a Python that will do."""
    bare_machine.install("python3", "echo fine 3.12")
    return bare_machine


EVERYTHING = ["made", "pip requirements/test.lock", "pip ."]


def test_alone_it_lists_its_commands_and_an_unknown_one_fails(bare_machine: Machine) -> None:
    status, said = bare_machine.dev()
    assert status == 0
    assert [line.split()[1] for line in said.splitlines()] == ["demo", "test", "check", "bench", "setup", "lock"]
    status, said = bare_machine.dev("nonsense")
    assert status == 1
    assert said.endswith("./dev has no command 'nonsense'.\n")


@pytest.mark.parametrize(
    ("python", "says"),
    [
        (None, "there is none on the PATH"),
        ("echo old 3.9", "python3 is older"),
        ("echo bare 3.11", "without its venv module"),
        ("exit 127", "there is none on the PATH"),
    ],
)
def test_without_a_python_that_will_do_it_says_what_to_install(bare_machine: Machine, python: str | None, says: str) -> None:
    if python is not None:
        bare_machine.install("python3", python)
    status, said = bare_machine.dev("test")
    assert status == 1
    assert says in said
    assert len(said.splitlines()) == 1


def test_a_newer_python_beside_an_old_one_is_found(bare_machine: Machine) -> None:
    bare_machine.install("python3", "echo old 3.9")
    bare_machine.install("python3.12", "echo fine 3.12")
    status, said = bare_machine.dev("setup")
    assert (status, bare_machine.calls()) == (0, EVERYTHING)
    assert said.endswith("Ready: .venv/bin/aix --help\n")


def test_the_second_time_nothing_is_made_again(machine: Machine) -> None:
    assert (machine.dev("setup")[0], machine.calls()) == (0, EVERYTHING)
    status, said = machine.dev("test", "-k", "two words")
    assert (status, machine.calls()) == (0, [])
    assert said.endswith("ran -m pytest -n 4 --dist loadfile -k two words\n")


def test_a_changed_lock_is_installed_anew(machine: Machine) -> None:
    machine.dev("setup")
    machine.calls()
    (machine.checkout / "requirements" / "test.lock").write_text("another\n")
    assert (machine.dev("setup")[0], machine.calls()) == (0, ["pip requirements/test.lock"])


def test_without_a_network_it_says_so_and_goes_on_from_there_the_next_time(machine: Machine) -> None:
    (machine.folder / "offline").touch()
    status, said = machine.dev("demo")
    assert status == 1
    assert "is the network there?" in said.splitlines()[-1]
    assert machine.calls() == EVERYTHING[:2]
    (machine.folder / "offline").unlink()
    assert (machine.dev("setup")[0], machine.calls()) == (0, EVERYTHING[1:])


def test_a_half_made_environment_is_made_anew(machine: Machine) -> None:
    machine.dev("setup")
    machine.calls()
    (machine.checkout / ".venv" / "unfinished").touch()  # as a setup leaves it that was killed inside pip
    assert (machine.dev("setup")[0], machine.calls()) == (0, EVERYTHING)
    (machine.checkout / ".venv" / "made-in").unlink()  # or before it
    assert (machine.dev("setup")[0], machine.calls()) == (0, EVERYTHING)


def test_a_moved_checkout_gets_a_new_environment(machine: Machine) -> None:
    machine.dev("setup")
    machine.calls()
    machine.checkout = machine.checkout.rename(machine.folder / "moved to")
    assert (machine.dev("setup")[0], machine.calls()) == (0, EVERYTHING)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(machine: Machine) -> None:
    machine.checkout.chmod(0o555)
    status, said = machine.dev("setup")
    machine.checkout.chmod(0o755)
    assert status == 1
    assert "can't be written to" in said


def test_the_scripts_are_plain_shell() -> None:
    for script in ("dev", ".ci/run"):
        text = (ROOT / script).read_text("utf-8")
        assert text.startswith("#!/bin/sh\n")
        subprocess.run(["sh", "-n", ROOT / script], check=True)
