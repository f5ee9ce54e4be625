"""The real `aix`, as a process, against a hub that really runs on loopback."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from aixplain._wire.messages import Usage
from aixplain.hub import Document, Hub, Input, ModelError, Output, progress
from aixplain.hub.embedded import EmbeddedHub, start

KEY = "a-key-that-nobody-may-see"
COMMAND = (sys.executable, "-m", "aixplain.cli")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Finished:
    """How a process ended, and what it wrote."""

    status: int
    out: str
    err: str


class Running:
    """A process that goes on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdout, self.stderr = process.stdout, process.stderr

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> Finished:
        """How it ends, with what was not read yet."""
        out, err = self.stdout.read(), self.stderr.read()
        return Finished(self.process.wait(30), out, err)


@dataclass(frozen=True)
class Screen:
    """What a terminal was sent."""

    status: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """The lines without escape sequences."""
        return ESCAPE.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n").splitlines()


@pytest.fixture(scope="session")
def gate() -> threading.Event:
    """Lets the models that wait for it go on."""
    return threading.Event()


def models_to_type_at(gate: threading.Event) -> Hub:
    """The built-in models, and some that show what reached them."""
    hub = Hub()

    @hub.model("acme/typed", version="1.2", license="MIT")
    def typed(
        text: str,
        whole: Annotated[int, Input(ge=1, le=9, description="A number")] = 7,
        part: float = 0.0,
        loud: bool = False,
        extra: dict[str, Any] | None = None,
        words: list[str] | None = None,
        mood: Annotated[str, Input(choices=("glad", "angry"))] = "glad",
    ) -> Output:
        """Answers with what it got."""
        return Output({"text": text, "whole": whole, "part": part, "loud": loud, "extra": extra, "words": words, "mood": mood})

    @hub.model("acme/say")
    def say(text: str) -> str:
        """Answers with the text."""
        return text

    @hub.model("acme/optional")
    def optional(zone: str = "UTC") -> str:
        """Has no main input."""
        return zone

    @hub.model("acme/size")
    def size(document: Document) -> int:
        """How many bytes a file has."""
        return document.stat().st_size

    @hub.model("acme/gated-pieces")
    def gated_pieces(text: str) -> Iterator[str]:
        """Gives a piece, waits, and gives another."""
        yield f"{text} one\n"
        assert gate.wait(30)
        yield f"{text} two"

    @hub.model("acme/gated-work", asynchronous=True)
    def gated_work(text: str) -> str:
        """Does a quarter, waits, and ends."""
        progress(0.25)
        assert gate.wait(30)
        return text

    @hub.model("acme/talk", function="text-generation")
    def talk(text: str, context: str = "", history: list[dict[str, str]] | None = None, heat: float = 0.5) -> Iterator[str]:
        """Tells what reached it, in pieces; one that is called slow waits before the last."""
        yield f"{len(history or [])} before, {context or 'no context'}, {heat}: "
        if text == "slow":
            assert gate.wait(30)
        yield text

    @hub.model("acme/costs")
    def costs(text: str) -> Output:
        """Costs a credit for each letter, and takes its tokens."""
        return Output(text, usage=Usage(3, 4, 7), credits=float(len(text)))

    @hub.model("acme/broken")
    def broken(text: str) -> str:
        """Fails."""
        raise ModelError("this text is not for me", 495)

    @hub.model("acme/broken-pieces")
    def broken_pieces(text: str) -> Iterator[str]:
        """Fails half-way."""
        yield "half"
        raise ModelError("the other half is lost")

    return hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, gate: threading.Event) -> Iterator[EmbeddedHub]:
    running = start(tmp_path_factory.mktemp("hub"), models_to_type_at(gate))
    running.wait_until_ready()
    yield running
    gate.set()
    running.close()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """A hub that wants a key."""
    running = start(tmp_path_factory.mktemp("guarded"), Hub(keys=[KEY]))
    running.wait_until_ready()
    yield running
    running.close()


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Nothing of this machine's settings, and pyc files, which make a start twice as fast."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")}
    return {"LC_ALL": "C.UTF-8", **kept, **settings}


@pytest.fixture
def aix(hub: EmbeddedHub, tmp_path: Path) -> Callable[..., Finished]:
    """`aix("search", "words", input=b"…", settings={…})`: runs it in an empty folder, on the test hub unless told otherwise.

    Whatever it is asked, it shows neither a traceback nor a key.
    """

    def run(*words: str, input: bytes = b"", settings: dict[str, str] | None = None) -> Finished:
        where = environment({"BACKEND_URL": hub.url} if settings is None else settings)
        done = subprocess.run([*COMMAND, *words], input=input, capture_output=True, env=where, cwd=tmp_path, timeout=50)
        finished = Finished(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in finished.err
        assert KEY not in finished.out + finished.err
        return finished

    return run


@pytest.fixture
def refused(aix: Callable[..., Finished]) -> Callable[..., str]:
    """Runs what can't be done: it gives the sentence on stderr, and nothing on stdout."""

    def run(*words: str, status: int = 2, **how: Any) -> str:
        finished = aix(*words, **how)
        assert finished.out == ""
        assert finished.status == status
        assert finished.err.startswith(("aix: ", "Usage: aix ", "Error: "))
        return finished.err.removeprefix("aix: ").rstrip("\n")

    return run


@pytest.fixture
def started(hub: EmbeddedHub, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts an `aix` that goes on; it is ended with the test."""
    with contextlib.ExitStack() as processes:

        def start_it(*words: str, settings: dict[str, str] | None = None) -> Running:
            where = environment({"BACKEND_URL": hub.url} if settings is None else settings)
            process = subprocess.Popen(
                [*COMMAND, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=where,
                cwd=tmp_path,
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return Running(process)

        yield start_it


@pytest.fixture
def terminal(hub: EmbeddedHub, tmp_path: Path) -> Callable[..., Screen]:
    """Runs `aix` in a terminal of 80 columns."""

    def run(*words: str, columns: int = 80, settings: dict[str, str] | None = None) -> Screen:
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        where = {"BACKEND_URL": hub.url, "TERM": "xterm-256color", **(settings or {})}
        process = subprocess.Popen(
            [*COMMAND, *words], stdin=its, stdout=its, stderr=its, env=environment(where), cwd=tmp_path, start_new_session=True
        )
        os.close(its)
        raw = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        screen = Screen(process.wait(30), raw.decode())
        assert "Traceback" not in screen.raw
        return screen

    return run


class Typist:
    """Someone at a terminal, who types and waits for what is to be seen."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process, self._terminal = process, terminal
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> str:
        """What was seen up to the end of this text, and is not looked at again."""
        while text not in self._seen:
            ready, _, _ = select.select([self._terminal], [], [], 20)
            piece = _read(self._terminal) if ready else b""
            assert piece, f"{text!r} never came after {self._seen!r}"
            self._seen += ESCAPE.sub("", piece.decode()).replace("\r\n", "\n")
        seen, _, self._seen = self._seen.partition(text)
        return seen

    def wait_until_it_reads(self) -> None:
        """Until it sleeps, having taken what was typed. Where the system doesn't tell, a moment."""
        told = Path(f"/proc/{self.process.pid}/stat")
        if not told.exists():
            time.sleep(0.5)
            return
        while told.read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.01)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.type("\x03")

    def leave(self) -> int:
        """Press Ctrl-D; the exit status."""
        self.type("\x04")
        while _read(self._terminal):
            """What is written at the end."""
        return self.process.wait(20)


@pytest.fixture
def typist(hub: EmbeddedHub, tmp_path: Path) -> Iterator[Callable[..., Typist]]:
    """Starts a program in a terminal of 80 columns, to type at; it is ended with the test."""
    with contextlib.ExitStack() as processes:

        def sit_down(*words: str, settings: dict[str, str] | None = None, command: tuple[str, ...] = COMMAND) -> Typist:
            ours, its = pty.openpty()
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            where = {"BACKEND_URL": hub.url, "TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path), **(settings or {})}
            process = subprocess.Popen(
                [*command, *words],
                stdin=its,
                stdout=its,
                stderr=its,
                env=environment(where),
                cwd=tmp_path,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
            )
            os.close(its)
            processes.enter_context(process)
            processes.callback(os.close, ours)
            processes.callback(_end, process)
            return Typist(process, ours)

        yield sit_down


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it has begun: a shell's subshell would spin on a terminal that is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(terminal: int) -> bytes:
    """What the terminal was sent next; empty once nobody has it open."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
