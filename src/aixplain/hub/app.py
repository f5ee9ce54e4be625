"""The ASGI application: routes as a list, what lives as long as it does, and one shape for every error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from aixplain.hub.answers import Answers
from aixplain.hub.auth import Access
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import aixplain, error_response, operations, webhooks
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import logger
from aixplain.hub.metrics import Gauge, Metrics
from aixplain.hub.opening import Opened, Place, at_work, opening
from aixplain.hub.reception import Reception, route_of
from aixplain.hub.service import Service
from aixplain.hub.settings import Settings

DEFAULTS = Settings()


def create_app(entries: dict[str, Entry], place: Place, keys: Iterable[str], settings: Settings = DEFAULTS) -> Starlette:
    """The hub over these models, which keeps what it has in this place. Raises `HubError`."""
    metrics = Metrics()
    rooms = opening(place, entries, settings, metrics)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with rooms.opened() as hub, at_work(hub):
            app.state.runs, app.state.courier, app.state.engine = hub.runs, hub.courier, hub.engine
            answers = Answers(hub.runs, hub.lanes)
            metrics.all += _gauges(hub, answers)
            app.state.service = Service(hub.catalog, entries, hub.runs, answers, hub.engine, hub.files, settings)
            yield

    app = Starlette(
        routes=[*operations.ROUTES, *aixplain.ROUTES, *webhooks.ROUTES],
        middleware=[Middleware(Reception, metrics=metrics), Middleware(Access, keys=list(keys))],
        exception_handlers=dict.fromkeys((Refusal, HubError, HTTPException, ClientDisconnect), on_error),
        lifespan=lifespan,
    )
    app.state.settings, app.state.metrics = settings, metrics
    app.router.redirect_slashes = False  # an address has one spelling, and a redirected post loses its body
    return app


def _gauges(hub: Opened, answers: Answers) -> list[Gauge]:
    """What is looked up when metrics are asked for."""
    return [
        Gauge("aixplain_hub_runs_waiting", "Accepted runs that wait to be taken up.", lambda: hub.engine.backlog),
        Gauge("aixplain_hub_runs_running", "Runs in the background that go on.", lambda: hub.engine.running),
        Gauge("aixplain_hub_streams_open", "Answers in pieces that go on.", lambda: answers.open_streams),
        Gauge("aixplain_hub_polls_held", "Polls that are held until their run ends.", lambda: hub.runs.held),
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
            return error_response(503, str(error), {"retry-after": "1"})


def _explained(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    path = request.url.path
    if error.status_code == 404:
        return f"There is nothing at {path}. Models are under /v2/models, runs under /api/v2/execute."
    if error.status_code == 405:
        return f"{request.method} is not for {path}; it takes {headers.get('Allow', 'nothing')}."
    return error.detail
