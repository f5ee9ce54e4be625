"""`aix hub serve --reload`: serve a program anew whenever a file beside it changes.

This process holds the port, so that callers wait while another one is started, and are not refused.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from aixplain.cli.output import note
from aixplain.hub.hangup import stops_at_hangup, tell_ignored

EVERY_SECONDS = 0.2
#: What a hub that is replaced has to end its requests; its runs go on in the next one.
LAST_SECONDS = 1.0


def keep_serving(listening: socket.socket, folders: Iterable[Path], variable: str) -> None:
    """Run this very command again, on this socket, which it finds by the variable; until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler if stops_at_hangup() else tell_ignored)
    # Compiled files are told by their second and size, so that of an edit within a second could be the one before it.
    environment = {**os.environ, variable: str(listening.fileno()), "PYTHONDONTWRITEBYTECODE": "1"}
    folders = sorted(set(folders))
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            before = _stamps(folders)
            with _started(environment, listening) as serving:
                _wait_for_change(serving, folders, before)
            note("A file has changed; the hub starts again.")


def stop_with_parent() -> None:
    """In the process that serves: stop when the one that watches is gone, however it went."""

    def watch() -> None:
        while os.read(0, 1):  # without sys.stdin, whose lock a process that ends with an error would wait for, and crash
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="aixplain-reload", daemon=True).start()


@contextlib.contextmanager
def _started(environment: dict[str, str], listening: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "aixplain.cli", *sys.argv[1:]]
    serving = subprocess.Popen(  # noqa: S603 - this very command
        command, env=environment, stdin=subprocess.PIPE, pass_fds=[listening.fileno()]
    )
    try:
        yield serving
    finally:
        serving.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            serving.wait(LAST_SECONDS)
        serving.kill()
        serving.communicate()


def _wait_for_change(serving: subprocess.Popen[bytes], folders: list[Path], before: dict[Path, int]) -> None:
    """Return once files have changed, and have then been left alone for a moment."""
    told = False
    while (now := _stamps(folders)) == before:
        if _is_over(serving) and not told:
            told = True
            note("The hub has ended; it starts again when a file changes. Ctrl-C stops this.")
    while now != (now := _stamps(folders)):
        _is_over(serving)


def _is_over(serving: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended, after a moment's wait."""
    if serving.returncode is not None:
        time.sleep(EVERY_SECONDS)
    with contextlib.suppress(subprocess.TimeoutExpired):
        serving.wait(EVERY_SECONDS)
    return serving.returncode is not None


def _stamps(folders: Iterable[Path]) -> dict[Path, int]:
    """When each Python file under these folders was changed."""
    stamps = {}
    for folder in folders:
        for root, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name != "__pycache__" and not name.startswith(".")]
            if "pyvenv.cfg" in names:  # an environment has thousands of files, and none of them is edited
                inner.clear()
                continue
            for name in names:
                if name.endswith(".py"):
                    with contextlib.suppress(OSError):  # it went just now
                        stamps[Path(root, name)] = Path(root, name).stat().st_mtime_ns
    return stamps
