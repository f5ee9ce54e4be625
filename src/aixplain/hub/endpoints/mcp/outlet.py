"""Where clients of the Model Context Protocol ask, by streamable HTTP. What answers them is loaded by the first of them.

The package `mcp` takes 0.4 seconds and 37 MB, which a hub without such clients doesn't spend. It keeps no sessions
here, so any process of a hub answers any request.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import secrets
from collections.abc import AsyncIterator

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aixplain.hub.endpoints.reading import read_body
from aixplain.hub.errors import Refusal

SESSION = "mcp-session-id"
_SERVER = "aixplain.hub.endpoints.mcp.server"


class McpOutlet:
    """The outlet of one hub, as an ASGI application."""

    def __init__(self, largest_body: int) -> None:
        self._largest_body = largest_body
        self.routes = [Route(path, self, methods=["POST"]) for path in ("/mcp", "/mcp/{key:path}")]
        self._app: asyncio.Future[ASGIApp] | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if importlib.util.find_spec("mcp") is None:
            raise Refusal(501, "This hub lacks the package for MCP clients. Install it: pip install 'aixplain-models[hub,mcp]'")
        if self._app is None:
            self._app = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._app))
        body = await read_body(Request(scope, receive))
        await (await asyncio.shield(self._app))(scope, _again(body, receive), _with_session(Headers(scope=scope), send))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve as long as this lasts."""
        try:
            yield
        finally:
            if self._serving is not None:
                self._serving.cancel()
                await asyncio.wait([self._serving])

    async def _serve(self, app: asyncio.Future[ASGIApp]) -> None:
        """Load, and hold what requests need until the hub stops."""
        try:
            server = await asyncio.to_thread(importlib.import_module, _SERVER)
            async with server.serving(self._largest_body) as answer:
                app.set_result(answer)
                await asyncio.Event().wait()
        except Exception as error:  # noqa: BLE001 - told to whoever waits for it; the next one has it tried again
            self._app = None
            app.set_exception(error)


def _again(body: bytes, receive: Receive) -> Receive:
    """Receive a body that was read before, and then what comes after it."""
    parts = [body]

    async def received() -> Message:
        return {"type": "http.request", "body": parts.pop(), "more_body": False} if parts else await receive()

    return received


def _with_session(headers: Headers, send: Send) -> Send:
    """Give a client that begins, as they did before 2026-07-28, a word that tells its calls from others'; nothing is kept."""
    if SESSION in headers or "mcp-protocol-version" in headers:
        return send

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (SESSION.encode(), secrets.token_hex(16).encode())]
        await send(message)

    return named
