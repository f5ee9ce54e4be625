"""The ASGI application: routes as a list, what lives as long as it does, and one shape for every error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Scope

from aixplain.hub.answers import Answers
from aixplain.hub.auth import Access
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import OPENAI, aixplain, api_keys, operations, refused, retry_after, usage, web, webhooks
from aixplain.hub.endpoints.mcp.outlet import McpOutlet
from aixplain.hub.endpoints.openai import routes as openai
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import logger
from aixplain.hub.forwarding import Forwarding
from aixplain.hub.keys import Keyring
from aixplain.hub.metrics import Gauge, Metrics
from aixplain.hub.opening import Opened, Place, at_work, opening
from aixplain.hub.reception import Reception, route_of
from aixplain.hub.service import Service
from aixplain.hub.settings import Settings
from aixplain.hub.troubles import tell_trouble

DEFAULTS = Settings()
FAILED = "The hub failed on this request; its log has the reason."


def create_app(entries: dict[str, Entry], place: Place, keys: Iterable[str], settings: Settings = DEFAULTS) -> Starlette:
    """The hub over these models, which keeps what it has in this place. Raises `HubError`."""
    metrics, mcp = Metrics(), McpOutlet(settings.largest_body)
    rooms = opening(place, entries, settings, metrics)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            rooms.opened() as hub,
            Keyring(hub.keys, keys, app.state.owner, is_closed=app.state.requires_key).in_use() as keyring,
            at_work(hub),
            mcp.open(),
        ):
            app.state.runs, app.state.courier, app.state.engine = hub.runs, hub.courier, hub.engine
            app.state.keyring, app.state.limiter, app.state.usage = keyring, hub.limiter, hub.usage
            answers = Answers(hub.runs, hub.lanes, keeps_inputs=settings.keeps_contents)
            metrics.all += _gauges(hub, answers)
            app.state.service = Service(hub.catalog, entries, hub.runs, answers, hub.engine, hub.files, hub.limiter, settings)
            yield

    # Those that are asked most come first: each is looked at in its turn.
    keeping = [*webhooks.ROUTES, *api_keys.ROUTES, *usage.ROUTES]
    routes = [*openai.ROUTES, *aixplain.ROUTES, *mcp.routes, *keeping, *web.ROUTES]
    app = Starlette(routes=[*routes, *operations.ROUTES], lifespan=lifespan)
    # Starlette's own layers around these would catch and tell errors a second time, at each request's cost.
    app.middleware_stack = Reception(Access(app.router), metrics, Forwarding(settings), on_error)
    app.state.settings, app.state.metrics = settings, metrics
    # Whoever embeds the hub may set a secret here, which is then good beside the keys, and may have it required.
    app.state.owner, app.state.requires_key = None, False
    app.router.redirect_slashes = False  # `Reception` drops a slash at the end: a redirected post may lose its body
    return app


def _gauges(hub: Opened, answers: Answers) -> list[Gauge]:
    """What is looked up when metrics are asked for."""
    return [
        Gauge("aixplain_hub_runs_waiting", "Accepted runs that wait to be taken up.", lambda: hub.engine.backlog),
        Gauge("aixplain_hub_runs_running", "Runs in the background that go on.", lambda: hub.engine.running),
        Gauge("aixplain_hub_streams_open", "Answers in pieces that go on.", lambda: answers.open_streams),
        Gauge("aixplain_hub_polls_held", "Polls that are held until their run ends.", lambda: hub.runs.held),
    ]


def on_error(scope: Scope, error: Exception) -> Response:
    """The answer to a request that didn't go well."""
    status, message, headers = _told(scope, error)
    return refused(scope["path"], status, message, headers, error)


def _told(scope: Scope, error: Exception) -> tuple[int, str, dict[str, str]]:
    """The status, the sentence and the headers that tell of an error."""
    match error:
        case Refusal():
            return error.status, error.message, retry_after(error.retry_after)
        case HTTPException():
            headers = dict(error.headers or {})
            return error.status_code, _explained(scope, error, headers), headers
        case ClientDisconnect():  # nobody reads this
            return 400, "The request ended before its body did.", {}
        case HubError():
            tell_trouble("%s %s: %s", scope["method"], route_of(scope), error)
            return 503, error.told, retry_after(1)
        case _:
            logger.error("%s %s failed", scope["method"], route_of(scope), exc_info=error)
            return 500, FAILED, {}


def _explained(scope: Scope, error: HTTPException, headers: dict[str, str]) -> str:
    path = scope["path"]
    if error.status_code == 404 and path.startswith(OPENAI):
        return f"There is nothing at {path}. There are /v1/models, /v1/chat/completions and /v1/embeddings."
    if error.status_code == 404:
        return f"There is nothing at {path}. Models are under /v2/models, runs under /api/v2/execute."
    if error.status_code == 405:
        return f"{scope['method']} is not for {path}; it takes {headers.get('Allow', 'nothing')}."
    return error.detail
