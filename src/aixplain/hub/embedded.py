"""A hub in a thread of this process, on a loopback port of its own: what `Aixplain.local()` talks to."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import threading
from os import PathLike
from pathlib import Path

from aixplain.hub.errors import HubError
from aixplain.hub.execution import logger
from aixplain.hub.hub import Hub
from aixplain.hub.keys import new_secret
from aixplain.hub.reading import stop_when_read
from aixplain.hub.server import Server, address_of, claimed, listen

START_SECONDS = 30.0
STOP_SECONDS = 10.0
PATIENCE = 1


class EmbeddedHub:
    """A running hub. `url` takes requests from the start: they wait until it is ready. Raises `HubError`.

    `key` is its owner's, made for this one hub: it lets in also where the folder has keys, whose runs are not the owner's.
    With `requires_key`, nothing but its health is told without a key: other users and programs of this machine reach the
    port too, and so does every page in a browser on it.
    """

    def __init__(self, hub: Hub, data: str | PathLike[str] | None, *, requires_key: bool) -> None:
        self.key = new_secret()
        self._process = os.getpid()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        with contextlib.ExitStack() as held:
            folder = held.enter_context(claimed(None if data is None else Path(data)))
            listening = held.enter_context(listen("127.0.0.1", 0))
            self.url = address_of(listening)
            app = hub.app(folder)
            app.state.owner, app.state.requires_key = self.key, requires_key
            self._server = Server(app, PATIENCE, self._ready.set)
            self._held = held.pop_all()
        self._thread = threading.Thread(target=self._serve, args=[listening], name="aixplain-hub", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def wait_until_ready(self) -> None:
        """Return once it answers; raise what kept it from starting."""
        self._ready.wait(START_SECONDS)
        if self._failure is not None:
            raise self._failure
        if not self._server.started:
            raise HubError(f"The embedded hub did not start in {START_SECONDS:g} s.")

    def close(self) -> None:
        """Stop it, and remove its folder when that was a passing one. Safe to call twice; nothing happens in a forked child."""
        if os.getpid() != self._process:
            return
        atexit.unregister(self.close)
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        self._held.close()

    def _serve(self, listening: socket.socket) -> None:
        try:
            with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
                runner.run(self._server.serve(sockets=[listening]))
        except BaseException as error:  # noqa: BLE001 - whatever ends this thread is told to whoever waits for the hub
            logger.error("the embedded hub ended", exc_info=error)
            self._failure = error
        finally:
            self._ready.set()


def start(data: str | PathLike[str] | None = None, hub: Hub | None = None, *, requires_key: bool = False) -> EmbeddedHub:
    """Start a hub beside this thread. Raises `HubError`."""
    if hub is not None:
        stop_when_read()
    return EmbeddedHub(hub or Hub(), data, requires_key=requires_key)
