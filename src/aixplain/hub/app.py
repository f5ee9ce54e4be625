"""The ASGI application: routes as a list, what lives as long as it does, and one shape for every error."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from aixplain.hub.answers import Answers
from aixplain.hub.auth import Access
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import aixplain, error_response, operations, webhooks
from aixplain.hub.engine import Engine
from aixplain.hub.engine.embedded import EmbeddedEngine
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import logger
from aixplain.hub.files import Files
from aixplain.hub.metrics import Gauge, Metrics
from aixplain.hub.reception import Reception, route_of
from aixplain.hub.runs import Runs
from aixplain.hub.service import Service
from aixplain.hub.settings import Settings
from aixplain.hub.store.sqlite.catalog import replace_models
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.store.sqlite.runs import SqliteRuns
from aixplain.hub.store.sqlite.webhooks import SqliteWebhooks
from aixplain.hub.sweeper import keep_sweeping
from aixplain.hub.webhooks import Courier

DEFAULTS = Settings()


def create_app(entries: dict[str, Entry], data: Path, keys: Iterable[str], settings: Settings = DEFAULTS) -> Starlette:
    """The hub over these models, with its database and files in the folder `data`. Raises `HubError`."""
    store = SqliteStore(data / "hub.sqlite", lambda connection: replace_models(connection, entries.values()))

    metrics = Metrics()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        runs = app.state.runs = Runs(SqliteRuns(store), settings.answers_kept, metrics)
        lanes = Lanes(lambda path: entries[path].policy.concurrency if path in entries else None)
        engine = app.state.engine = EmbeddedEngine(runs, entries, lanes)
        answers = Answers(runs, lanes)
        files = Files(data / "files")
        app.state.service = Service(store, entries, runs, answers, engine, files, settings)
        courier = app.state.courier = Courier(SqliteWebhooks(store), metrics.webhooks, private=settings.private_webhooks)
        runs.on_webhook = courier.wake
        metrics.all += [*store.measures, *gauges(engine, answers, runs)]
        with contextlib.closing(store):
            await engine.start()
            chores = [
                asyncio.create_task(keep_sweeping(runs, files, settings.files_kept)),
                asyncio.create_task(courier.keep_delivering()),
            ]
            try:
                yield
            finally:
                for chore in chores:
                    chore.cancel()
                await engine.stop()

    app = Starlette(
        routes=[*operations.ROUTES, *aixplain.ROUTES, *webhooks.ROUTES],
        middleware=[Middleware(Reception, metrics=metrics), Middleware(Access, keys=list(keys))],
        exception_handlers=dict.fromkeys((Refusal, HubError, HTTPException, ClientDisconnect), on_error),
        lifespan=lifespan,
    )
    app.state.settings, app.state.metrics = settings, metrics
    app.router.redirect_slashes = False  # an address has one spelling, and a redirected post loses its body
    return app


def gauges(engine: Engine, answers: Answers, runs: Runs) -> list[Gauge]:
    """What is looked up when metrics are asked for."""
    return [
        Gauge("aixplain_hub_runs_waiting", "Accepted runs that wait to be taken up.", lambda: engine.backlog),
        Gauge("aixplain_hub_runs_running", "Runs in the background that go on.", lambda: engine.running),
        Gauge("aixplain_hub_streams_open", "Answers in pieces that go on.", lambda: answers.open_streams),
        Gauge("aixplain_hub_polls_held", "Polls that are held until their run ends.", lambda: runs.held),
    ]


async def on_error(request: Request, error: Exception) -> Response:
    """The answer to a request that didn't go well: every error has the protocol's shape."""
    match error:
        case Refusal():
            again = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
            return error_response(error.status, error.message, again)
        case HTTPException():
            headers = dict(error.headers or {})
            return error_response(error.status_code, _explained(request, error, headers), headers)
        case ClientDisconnect():  # nobody reads this
            return error_response(400, "The request ended before its body did.")
        case _:  # a `HubError`
            logger.error("%s %s: %s", request.method, route_of(request.scope), error)
            return error_response(503, str(error))


def _explained(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    path = request.url.path
    if error.status_code == 404:
        return f"There is nothing at {path}. Models are under /v2/models, runs under /api/v2/execute."
    if error.status_code == 405:
        return f"{request.method} is not for {path}; it takes {headers.get('Allow', 'nothing')}."
    return error.detail
