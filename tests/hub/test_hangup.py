"""SIGHUP never kills a hub uncleanly: without a terminal it is ignored, with one it stops the hub as SIGTERM does."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .conftest import Caller

PROGRAM = """
import sys
from aixplain.hub import Hub
Hub(builtin=False).serve(port=0, data=sys.argv[1], on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def serving(folder: Path, stdin: int) -> Iterator[tuple[subprocess.Popen[str], Caller]]:
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, Caller(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_without_a_terminal_it_is_ignored(tmp_path: Path) -> None:
    with serving(tmp_path, subprocess.DEVNULL) as (process, caller):
        process.send_signal(signal.SIGHUP)
        assert caller.get("/healthz").status == 200
        process.terminate()
        printed, errors = process.communicate(timeout=20)
    assert (process.returncode, printed.strip()) == (0, "stopped")
    assert "SIGHUP is ignored: settings are read at the start." in errors


def test_a_terminal_that_is_closed_stops_it(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    try:
        with serving(tmp_path, follower) as (process, caller):
            assert caller.get("/healthz").status == 200
            process.send_signal(signal.SIGHUP)
            printed, _ = process.communicate(timeout=20)
        assert (process.returncode, printed.strip()) == (0, "stopped")
    finally:
        os.close(leader)
        os.close(follower)
