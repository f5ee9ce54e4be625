"""Hubs and workers over one PostgreSQL, each in a process of its own, as on machines of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .conftest import Caller

PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from aixplain.hub import Document, Hub, Settings, progress

database, role, folder, ahead = sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])
real = time.time
time.time = lambda: real() + ahead
hub = Hub(builtin=False, settings=Settings(private_webhooks=True))

@hub.model("acme/quick", asynchronous=True)
async def quick(text: str) -> str:
    return text.upper()

@hub.model("acme/threaded", asynchronous=True)
def threaded(text: str) -> str:
    return text.upper()

@hub.model("acme/slow", asynchronous=True)
async def slow(text: str) -> str:
    await asyncio.sleep(0.02)
    return text.upper()

@hub.model("acme/one", asynchronous=True, concurrency=1)
async def one(text: str) -> str:
    (folder / f"one at {role}").touch()
    while len(list(folder.glob("one at *"))) < 2:
        await asyncio.sleep(0.01)
    return role

@hub.model("acme/gated", asynchronous=True)
async def gated(text: str) -> str:
    with (folder / text).open("a") as noted:
        noted.write(f"begun by {role}\\n")
    progress(0.5)
    try:
        while not (folder / "go").exists():
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        with (folder / text).open("a") as noted:
            noted.write("stopped\\n")
        raise
    return f"{text} by {role}"

@hub.model("acme/flaky", asynchronous=True, retries=3, retry_wait=0.2)
async def flaky(text: str) -> str:
    with (folder / text).open("a") as noted:
        noted.write("tried\\n")
    if len((folder / text).read_text().splitlines()) < 3:
        raise ConnectionError("not yet")
    return text.upper()

@hub.model("acme/at-once")
async def at_once(text: str) -> str:
    with (folder / text).open("a") as noted:
        noted.write("made\\n")
    await asyncio.sleep(0.3)
    return f"{text} by {role}"

@hub.model("acme/count")
async def count(text: str):
    for number in range(3):
        yield f"{text}{number} "
        while not (folder / f"read {text}").exists():
            await asyncio.sleep(0.01)

@hub.model("acme/size", asynchronous=True)
def size(document: Document) -> str:
    return f"{document.name} {document.stat().st_size} by {role}"

@hub.model("acme/size-at-once")
def size_at_once(document: Document) -> str:
    return f"{document.name} {document.stat().st_size} by {role}"

if role.startswith("worker"):
    hub.work(database, on_ready=lambda: print("works", flush=True))
else:
    hub.serve(port=0, database=database, work=not role.startswith("counter"), on_ready=lambda url: print(url, flush=True))
"""


class Machine:
    """A process: a worker, a hub, or, when its name begins with `counter`, a hub that leaves work to others."""

    def __init__(self, database: str, name: str, folder: Path, ahead: float = 0.0) -> None:
        self._log = folder / f"log of {name}"
        command = [sys.executable, "-c", PROGRAM, database, name, str(folder), str(ahead)]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self._caller: Caller | None = None
        self._ready = ""

    def wait_until_ready(self) -> None:
        """Return once it works."""
        if not self._ready:
            assert self.process.stdout is not None
            self._ready = self.process.stdout.readline().strip()

    @property
    def caller(self) -> Caller:
        """Speaks to it."""
        self.wait_until_ready()
        return Caller(self._ready)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> str:
        """End it as a system does, and give what it logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        return self._log.read_text()


class Cluster:
    """Some machines over one database; they end together."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.machines: list[Machine] = []

    def start(self, name: str, ahead: float = 0.0) -> Machine:
        """One more machine, with a clock that is so many seconds ahead."""
        self.machines.append(Machine(self.database, name, self.folder, ahead))
        return self.machines[-1]

    def noted(self, name: str) -> list[str]:
        """What the models noted under a name."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@contextmanager
def cluster(database: str, folder: Path) -> Iterator[Cluster]:
    """A cluster, without machines at first."""
    made = Cluster(database, folder)
    try:
        yield made
    finally:
        for machine in made.machines:
            machine.process.kill()
            machine.process.communicate()
