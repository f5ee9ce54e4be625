"""The ASGI application: routes as a list, what lives as long as it does, and one shape for every error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aixplain.hub.auth import Access
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import aixplain, error_response
from aixplain.hub.engine.embedded import EmbeddedEngine
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import logger
from aixplain.hub.files import Files
from aixplain.hub.runs import Runs, reopen
from aixplain.hub.service import Service
from aixplain.hub.store.catalog import replace_models
from aixplain.hub.store.sqlite import SqliteStore


def create_app(entries: dict[str, Entry], data: Path, keys: Iterable[str]) -> Starlette:
    """The hub over these models, with its database and files in the folder `data`. Raises `HubError`."""
    store = SqliteStore(data / "hub.sqlite", lambda connection: replace_models(connection, entries.values()), reopen)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        runs = Runs(store)
        engine = EmbeddedEngine(runs, entries)
        app.state.service = Service(store, entries, runs, engine, Files(data / "files"))
        with contextlib.closing(store):
            await engine.start()
            try:
                yield
            finally:
                await engine.stop()

    app = Starlette(
        routes=[Route("/healthz", healthz), *aixplain.ROUTES],
        middleware=[Middleware(Access, keys=list(keys))],
        exception_handlers=dict.fromkeys((Refusal, HubError, HTTPException, ClientDisconnect, Exception), on_error),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address has one spelling, and a redirected post loses its body
    return app


async def healthz(request: Request) -> Response:
    """The process is alive and answers."""
    return JSONResponse({"status": "ok"})


async def on_error(request: Request, error: Exception) -> Response:
    """The answer to a request that didn't go well: every error has the protocol's shape."""
    match error:
        case Refusal():
            return error_response(error.status, error.message)
        case HTTPException():
            headers = dict(error.headers or {})
            return error_response(error.status_code, _explained(request, error, headers), headers)
        case ClientDisconnect():  # nobody reads this
            return error_response(400, "The request ended before its body did.")
        case HubError():
            logger.error("%s %s: %s", request.method, request.url.path, error)
            return error_response(503, str(error))
        case _:
            logger.error("%s %s", request.method, request.url.path, exc_info=error)
            return error_response(500, "The hub failed on this request; its log has the reason.")


def _explained(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    path = request.url.path
    if error.status_code == 404:
        return f"There is nothing at {path}. Models are under /v2/models, runs under /api/v2/execute."
    if error.status_code == 405:
        return f"{request.method} is not for {path}; it takes {headers.get('Allow', 'nothing')}."
    return error.detail
