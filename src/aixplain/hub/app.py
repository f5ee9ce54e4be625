"""The ASGI application: routes as a list, what lives as long as it does, and one shape for every error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aixplain.hub.auth import KeyAuth
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import aixplain
from aixplain.hub.engine.embedded import EmbeddedEngine
from aixplain.hub.errors import Refusal
from aixplain.hub.execution import logger
from aixplain.hub.files import Files
from aixplain.hub.runs import Runs
from aixplain.hub.service import Service
from aixplain.hub.store import catalog
from aixplain.hub.store.sqlite import SqliteStore


def create_app(entries: dict[str, Entry], data: Path, keys: Iterable[str] = ()) -> Starlette:
    """The hub over these models, with its database and files in the folder `data`. Raises `HubError`."""
    store = SqliteStore(data / "hub.sqlite")
    store.open()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await store.write(lambda connection: catalog.replace_models(connection, entries.values()))
        runs = Runs(store)
        engine = EmbeddedEngine(runs, entries)
        app.state.service = Service(store, entries, runs, engine, Files(data / "files"))
        await engine.start()
        try:
            yield
        finally:
            await engine.stop()
            store.close()

    return Starlette(
        routes=[Route("/healthz", healthz), *aixplain.ROUTES],
        middleware=[Middleware(KeyAuth, keys=list(keys))],
        exception_handlers={
            Refusal: _refused,  # type: ignore[dict-item]
            HTTPException: _http_error,  # type: ignore[dict-item]
            Exception: _unexpected,
        },
        lifespan=lifespan,
    )


async def healthz(request: Request) -> Response:
    """The process is alive and answers."""
    return JSONResponse({"status": "ok"})


async def _refused(request: Request, error: Refusal) -> Response:
    return aixplain.error_response(error.status, error.message)


async def _http_error(request: Request, error: HTTPException) -> Response:
    what = {404: f"There is nothing at {request.url.path}.", 405: f"{request.method} is not for {request.url.path}."}
    message = what.get(error.status_code, error.detail)
    return aixplain.error_response(error.status_code, message, dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.error("%s %s", request.method, request.url.path, exc_info=error)
    return aixplain.error_response(500, "The hub failed on this request; its log has the reason.")
