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
from aixplain.hub.opening import Place, opening
from aixplain.hub.opening.books import books
from aixplain.hub.server import LOOPBACK, Server, address_of, claimed, listen
from aixplain.hub.settings import Settings
from aixplain.hub.worker import work

DEFAULT_PORT = 8180
PATIENCE = 5


class Hub(Models):
    """A hub that serves the built-in models and your own. `builtin=False` leaves the built-in ones out.

    `keys` are API keys that may use it without limits, beside those that `aix keys create` makes in its database. With none of
    either, everyone who reaches it may, so it then serves this machine only.
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
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Serve until Ctrl-C or SIGTERM. `data` keeps the runs; without one they go when the hub stops. Raises `HubError`.

        With the address of a PostgreSQL `database`, the runs are there, and shared with the hubs and workers that use it too;
        `work=False` then leaves runs in the background to others. `on_ready` is called with the hub's address once it answers.
        When it stops, requests have 5 seconds to end; a run in the background that is not done by then is done at the next
        start, or by others.
        """
        with claimed(None if data is None else Path(data)) as folder:
            if host not in LOOPBACK and not self.keys:
                asyncio.run(_check_keys(host, Place(folder, database)))
            with listen(host, port) as listening:
                address = address_of(listening)
                app = self.app(folder, database, work=work)
                server = Server(app, PATIENCE, lambda: on_ready(address) if on_ready else None)
                server.run(sockets=[listening])

    def work(self, database: str, *, on_ready: Callable[[], None] | None = None) -> None:
        """Execute runs of a PostgreSQL database until Ctrl-C or SIGTERM, and serve nobody. Raises `HubError`.

        `on_ready` is called once it does. When it stops, what is not done in a moment is handed back to other workers.
        """
        with claimed(None) as folder:
            rooms = opening(Place(folder, database), self.entries, self.settings)
            asyncio.run(work(rooms, on_ready or (lambda: None)))


async def _check_keys(host: str, place: Place) -> None:
    """Raise `HubError` when others could use a hub, and none of its keys is asked for."""
    async with books(place) as kept:
        if not await kept.keys.any():
            raise HubError(
                f"Without a key, everyone who reaches {host} could use this hub. "
                "Make one with `aix keys create`, set AIXPLAIN_HUB_KEYS (comma separated), or serve 127.0.0.1."
            )
