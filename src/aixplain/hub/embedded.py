"""A hub in a thread of this process, on a loopback port of its own: what `Aixplain.local()` talks to."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
from os import PathLike
from pathlib import Path

from aixplain.hub.errors import HubError
from aixplain.hub.hub import Hub
from aixplain.hub.server import address_of, claimed, listen, uvicorn_server

START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0


class EmbeddedHub:
    """A running hub. `url` takes requests from the start: they wait until it is ready."""

    def __init__(self, hub: Hub, data: str | PathLike[str] | None) -> None:
        self._folders = contextlib.ExitStack()
        passing = "" if data else self._folders.enter_context(tempfile.TemporaryDirectory(prefix="aixplain-hub-"))
        folder = self._folders.enter_context(claimed(Path(data or passing)))
        self._listening = self._folders.enter_context(listen("127.0.0.1", 0))
        self.url = address_of(self._listening)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._server = uvicorn_server(hub.app(folder))
        self._thread = threading.Thread(target=self._serve, name="aixplain-hub", daemon=True)
        self._thread.start()

    def wait_until_ready(self) -> None:
        """Return once it answers; raise what kept it from starting."""
        self._ready.wait(START_TIMEOUT)
        if self._failure is not None:
            raise self._failure
        if not self._server.started:
            raise HubError("The embedded hub did not start in 30 s.")

    def close(self) -> None:
        """Stop it, and remove its folder when that was a passing one. Safe to call twice."""
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT)
        self._folders.close()

    def _serve(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
                runner.run(self._serve_until_closed())
        except BaseException as error:  # whatever ends this thread is told to whoever waits for the hub
            self._failure = error
        finally:
            self._ready.set()

    async def _serve_until_closed(self) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.002)
        self._ready.set()
        await serving


def start(data: str | PathLike[str] | None = None, hub: Hub | None = None) -> EmbeddedHub:
    """Start a hub beside this thread."""
    return EmbeddedHub(hub or Hub(), data)
