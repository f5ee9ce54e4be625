"""The hub as an object: models of one's own, and a way to serve them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from starlette.applications import Starlette

from aixplain.hub.app import create_app
from aixplain.hub.backends.functions import Models
from aixplain.hub.errors import HubError
from aixplain.hub.metrics import Metrics
from aixplain.hub.opening import Place, opening
from aixplain.hub.server import LOOPBACK, OTHER_FILES, Server, address_of, allow_files, claimed, listen
from aixplain.hub.settings import Settings
from aixplain.hub.tls import encryption
from aixplain.hub.worker import work

DEFAULT_PORT = 8180


class Hub(Models):
    """A hub that serves the built-in models and your own. `builtin=False` leaves the built-in ones out.

    `keys` are the API keys that may use it; with none, everyone who reaches it may, so it then serves this machine only.
    """

    def __init__(self, *, builtin: bool = True, keys: Iterable[str] = (), settings: Settings | None = None) -> None:
        super().__init__()
        self.keys = tuple(keys)
        self.settings = settings or Settings()
        if builtin:
            from aixplain.hub.backends.builtin import all_models

            self.include(all_models())

    def app(self, data: str | PathLike[str], database: str | None = None, *, work: bool = True) -> Starlette:
        """The hub as an ASGI application, with its database and files in the folder `data`. Raises `HubError`.

        With the address of a PostgreSQL `database`, its runs and files are there, and shared with all who use it;
        `work=False` then leaves runs in the background to others.
        """
        return create_app(self.entries, Place(Path(data), database, work), self.keys, self.settings)

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        data: str | PathLike[str] | None = None,
        *,
        database: str | None = None,
        work: bool = True,
        tls_cert: str | PathLike[str] | None = None,
        tls_key: str | PathLike[str] | None = None,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Serve until Ctrl-C or SIGTERM. `data` keeps the runs; without one they go when the hub stops. Raises `HubError`.

        With the address of a PostgreSQL `database`, the runs are there, and shared with the hubs and workers that use it too;
        `work=False` then leaves runs in the background to others. `tls_cert` and `tls_key`, PEM files, make it speak https.
        `on_ready` is called with the hub's address once it answers.

        When it stops it takes no more connections and no more runs up, and what goes on has `settings.grace` seconds to end; a
        run in the background that is not done by then is done at the next start, or by others. A second Ctrl-C or SIGTERM ends
        the waiting.
        """
        if host not in LOOPBACK and not self.keys:
            raise HubError(
                f"Without a key, everyone who reaches {host} could use this hub. "
                "Set AIXPLAIN_HUB_KEYS (comma separated), or serve 127.0.0.1."
            )
        encrypted = encryption(tls_cert, tls_key)
        allow_files(self.settings.most_connections + OTHER_FILES)
        with claimed(None if data is None else Path(data)) as folder, listen(host, port) as listening:
            address = address_of(listening, "http" if encrypted is None else "https")
            app = self.app(folder, database, work=work)
            server = Server(app, self.settings.grace, lambda: on_ready(address) if on_ready else None, encrypted)
            server.run(sockets=[listening])

    def work(self, database: str, *, on_ready: Callable[[], None] | None = None) -> None:
        """Execute runs of a PostgreSQL database until Ctrl-C or SIGTERM, and serve nobody. Raises `HubError`.

        `on_ready` is called once it does. When it stops, what is not done in `settings.grace` seconds is handed back to others.
        """
        import uvloop  # as the server does, when it is needed

        with claimed(None) as folder:
            rooms = opening(Place(folder, database), self.entries, self.settings, Metrics())
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(work(rooms, self.settings.grace, on_ready or (lambda: None)))
