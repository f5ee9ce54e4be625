"""The ASGI application: routes as a list, what lives as long as it does, and one shape for every error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aixplain._wire.messages import KEEPS_KEYS
from aixplain.hub.answers import Answers
from aixplain.hub.auth import Access
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import OPENAI, aixplain, api_keys, refused, retry_after, usage, web, webhooks
from aixplain.hub.endpoints.mcp.outlet import McpOutlet
from aixplain.hub.endpoints.openai import routes as openai
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.execution import logger
from aixplain.hub.keys import Keyring
from aixplain.hub.opening import Place, at_work, opening
from aixplain.hub.service import Service
from aixplain.hub.settings import Settings

DEFAULTS = Settings()


def create_app(entries: dict[str, Entry], place: Place, keys: Iterable[str], settings: Settings = DEFAULTS) -> Starlette:
    """The hub over these models, which keeps what it has in this place. Raises `HubError`."""
    rooms, mcp = opening(place, entries, settings), McpOutlet()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with rooms.opened() as hub, Keyring(hub.keys, keys).in_use() as keyring, at_work(hub), mcp.open():
            app.state.runs, app.state.courier, app.state.keyring = hub.runs, hub.courier, keyring
            app.state.limiter, app.state.usage = hub.limiter, hub.usage
            answers = Answers(hub.runs, hub.lanes, keeps_inputs=settings.keeps_contents)
            app.state.service = Service(hub.catalog, entries, hub.runs, answers, hub.engine, hub.files, hub.limiter, settings)
            yield

    keeping = [*webhooks.ROUTES, *api_keys.ROUTES, *usage.ROUTES]
    routes = [*aixplain.ROUTES, *keeping, *openai.ROUTES, *mcp.routes, *web.ROUTES]
    app = Starlette(
        routes=[Route("/healthz", healthz), *routes],
        middleware=[Middleware(KeepsKeys), Middleware(Access)],
        exception_handlers=dict.fromkeys((Refusal, HubError, HTTPException, ClientDisconnect, Exception), on_error),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address has one spelling, and a redirected post loses its body
    return app


class KeepsKeys:
    """Tells in every answer that idempotency keys are honoured, so that clients may send a request again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (KEEPS_KEYS.encode(), b"true")]
            await send(message)

        await self._app(scope, receive, told if scope["type"] == "http" else send)


async def healthz(request: Request) -> Response:
    """The process is alive and answers."""
    return JSONResponse({"status": "ok"})


async def on_error(request: Request, error: Exception) -> Response:
    """The answer to a request that didn't go well."""
    status, message, headers = _told(request, error)
    return refused(request.url.path, status, message, headers, error)


def _told(request: Request, error: Exception) -> tuple[int, str, dict[str, str]]:
    """The status, the sentence and the headers that tell of an error."""
    match error:
        case Refusal():
            return error.status, error.message, retry_after(error.retry_after)
        case HTTPException():
            headers = dict(error.headers or {})
            return error.status_code, _explained(request, error, headers), headers
        case ClientDisconnect():  # nobody reads this
            return 400, "The request ended before its body did.", {}
        case HubError():
            logger.error("%s %s: %s", request.method, request.url.path, error)
            return 503, str(error), retry_after(1)
        case _:
            logger.error("%s %s", request.method, request.url.path, exc_info=error)
            return 500, "The hub failed on this request; its log has the reason.", {}


def _explained(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    path = request.url.path
    if error.status_code == 404 and path.startswith(OPENAI):
        return f"There is nothing at {path}. There are /v1/models, /v1/chat/completions and /v1/embeddings."
    if error.status_code == 404:
        return f"There is nothing at {path}. Models are under /v2/models, runs under /api/v2/execute."
    if error.status_code == 405:
        return f"{request.method} is not for {path}; it takes {headers.get('Allow', 'nothing')}."
    return error.detail
