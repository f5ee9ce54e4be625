"""Serving the application: the folder, the port, and uvicorn over both."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import resource
import shutil
import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from aixplain.hub.errors import HubError
from aixplain.hub.hangup import stops_at_hangup, tell_ignored
from aixplain.hub.private import claim_folder, make_private_file
from aixplain.hub.protocol import Protocol
from aixplain.hub.settings import Settings

#: Files that a hub has open beside its connections: the database, what is sent up, webhooks.
OTHER_FILES = 256
LOOK_SECONDS = 0.05
CUT_OFF_SECONDS = 1.0
#: The environment's variable for a socket that another process listens on for this one.
INHERITED = "AIXPLAIN_HUB_SOCKET"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@contextlib.contextmanager
def claimed(folder: Path | None) -> Iterator[Path]:
    """The folder, made and locked: two hubs on one would run each other's runs. None is one that passes with the hub.

    Raises `HubError`.
    """
    if folder is None:
        with _passing_folder() as passing:
            yield passing
        return
    try:
        claim_folder(folder)
        make_private_file(folder / "hub.lock")
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


@contextlib.contextmanager
def _passing_folder() -> Iterator[Path]:
    folder, owner = Path(tempfile.mkdtemp(prefix="aixplain-hub-")), os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == owner:  # and not a forked child that ends before its parent
            shutil.rmtree(folder, ignore_errors=True)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `HubError` for a port that is taken or an address that isn't this machine's."""
    inherited = os.environ.pop(INHERITED, None)
    if inherited is not None:
        return socket.socket(fileno=int(inherited))
    if not 0 <= port <= 65535:
        raise HubError(f"{port} is no port. Choose one from 1 to 65535 with --port (0 takes a free one).")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise HubError(f"{host!r} is no address of this machine: {error}. Use 127.0.0.1 or 0.0.0.0.") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise HubError(_cannot_bind(host, port, error)) from error
    return listening


def _cannot_bind(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use, perhaps by another hub. Choose another with --port (0 takes a free one)."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine. Use 127.0.0.1 or 0.0.0.0."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights than this user has. Choose one above 1023 with --port."
    return f"The hub can't listen on {host}:{port}: {error}. Choose another --host or --port."


def address_of(listening: socket.socket, scheme: str = "http") -> str:
    """The address of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def allow_files(wanted: int) -> None:
    """Let this process have so many files and connections open, or as many as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))


def _room_for_connections(most: int) -> int:
    """How many connections there may be, when files of other kinds need some of what may be open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else min(most, soft - min(OTHER_FILES, soft // 2))


class Server(uvicorn.Server):
    """Uvicorn with its fast parts, which are four times as fast as its portable ones, and without its own log.

    `on_ready` is called once it answers. When it stops, requests and runs have `patience` seconds to end.
    """

    def __init__(
        self, app: Starlette, patience: float, on_ready: Callable[[], None], encryption: ssl.SSLContext | None = None
    ) -> None:
        settings: Settings = app.state.settings
        app.state.most_connections = _room_for_connections(settings.most_connections)
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=patience,  # type: ignore[arg-type]  # parts of a second are fine
            timeout_keep_alive=settings.keep_alive,  # type: ignore[arg-type]  # here too
            server_header=False,
            proxy_headers=False,  # the hub reads them itself
            ssl_context_factory=None if encryption is None else lambda *_: encryption,
        )
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell. Raises `HubError`."""
        try:
            await super().startup(sockets)
        except SystemExit as error:  # uvicorn's way to say that the lifespan failed
            raise HubError("The hub could not start; its log says why.") from error
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: answer those who are held first, so that they don't use the others' patience up, and take no more runs up."""
        self._app.state.runs.let_go()
        self._app.state.engine.rest()
        await super().shutdown(sockets)

    async def _wait_tasks_to_complete(self) -> None:
        """Uvicorn waits here for requests, as long as the patience lasts; runs in the background have the same time."""
        try:
            await super()._wait_tasks_to_complete()
            while self._app.state.engine.running and not self.force_exit:  # noqa: ASYNC110 - a signal sets the flag
                await asyncio.sleep(LOOK_SECONDS)
        except asyncio.CancelledError:  # the patience is over
            await self._cut_off()
            raise

    async def _cut_off(self) -> None:
        """End the requests that are left, so that what becomes of them can be noted as long as there is a database."""
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CUT_OFF_SECONDS)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at once when it was told so before."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM stop the server, and that is all: uvicorn would then raise them, before the folder is tidied.

        SIGHUP stops it where a terminal was closed, and is ignored elsewhere.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            on_hangup = self.handle_exit if stops_at_hangup() else tell_ignored
            previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, on_hangup)
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
