"""The hub as an object: models of one's own, and a way to serve them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from starlette.applications import Starlette

from aixplain.hub.app import create_app
from aixplain.hub.backends.functions import Models
from aixplain.hub.errors import HubError
from aixplain.hub.server import LOOPBACK, address_of, claimed, listen, uvicorn_server

DEFAULT_PORT = 8180


class Hub(Models):
    """A hub that serves the built-in models and your own. `builtin=False` leaves the built-in ones out.

    `keys` are the API keys that may use it; with none, everyone who reaches it may, so it then serves this machine only.
    """

    def __init__(self, *, builtin: bool = True, keys: Iterable[str] = ()) -> None:
        super().__init__()
        self.keys = tuple(keys)
        if builtin:
            from aixplain.hub.backends.builtin import all_models

            self.include(all_models())

    def app(self, data: str | PathLike[str]) -> Starlette:
        """The hub as an ASGI application, with its database and files in the folder `data`."""
        return create_app(self.entries, Path(data), self.keys)

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        data: str | PathLike[str] | None = None,
        *,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Serve until Ctrl-C. `data` keeps the runs; without one they go when the hub stops. Raises `HubError`.

        `on_ready` is called with the hub's address once it listens.
        """
        if host not in LOOPBACK and not self.keys:
            raise HubError(
                f"Without a key, everyone who reaches {host} could use this hub. "
                "Set AIXPLAIN_HUB_KEYS (comma separated), or serve 127.0.0.1."
            )
        with tempfile.TemporaryDirectory(prefix="aixplain-hub-") as passing, claimed(Path(data or passing)) as folder:
            with listen(host, port) as listening:
                server = uvicorn_server(self.app(folder))
                if on_ready is not None:
                    on_ready(address_of(listening))
                server.run(sockets=[listening])
