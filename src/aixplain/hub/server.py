"""Serving the application: the folder, the port, and uvicorn over both."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from aixplain.hub.errors import HubError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """The folder, made and locked: two hubs on one would run each other's runs. Raises `HubError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "hub.lock").open("a+")
    except OSError as error:
        raise HubError(f"The folder {folder} can't be used: {error.strerror}. Name another with --data.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise HubError(
                f"Another hub (process {lock.read().strip() or 'unknown'}) works in {folder}. "
                "Stop it, or name another folder with --data."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield folder


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `HubError` for a port that is taken or an address that isn't this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise HubError(f"{host!r} is no address of this machine: {error}. Use 127.0.0.1 or 0.0.0.0.") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        raise HubError(_cannot_bind(host, port, error)) from error
    return listening


def _cannot_bind(host: str, port: int, error: OSError | OverflowError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use, perhaps by another hub. Choose another with --port (0 takes a free one)."
    if number == errno.EACCES:
        return f"Port {port} on {host} needs more rights than this user has. Choose one above 1023 with --port."
    return f"The hub can't listen on {host}:{port}: {error}. Choose another --host or --port."


def address_of(listening: socket.socket) -> str:
    """The http address of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def uvicorn_server(app: Starlette) -> uvicorn.Server:
    """Uvicorn with its fast parts, which are four times as fast as its portable ones, and without its own log."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
        server_header=False,
    )
    return uvicorn.Server(config)
