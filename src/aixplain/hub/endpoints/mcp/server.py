"""What the Model Context Protocol asks of this hub, and its answers. Needs the package `mcp`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any, TypeVar

import mcp_types as types
import msgspec
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.requests import Request
from starlette.types import ASGIApp

from aixplain._wire.messages import Search
from aixplain._wire.tool_names import named_model, tool_name
from aixplain.hub.catalog import Entry
from aixplain.hub.endpoints import key_of
from aixplain.hub.endpoints.mcp.calls import Calls, Place
from aixplain.hub.endpoints.mcp.contents import ModelTold, result_of, tool_of
from aixplain.hub.endpoints.mcp.outlet import SESSION
from aixplain.hub.endpoints.reading import service_of
from aixplain.hub.endpoints.visits import OnProgress, Visit
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.presence import WATCH

T = TypeVar("T")
TOOLS_A_PAGE = 100
Context = ServerRequestContext[Any, Request]


class _Page(msgspec.Struct, rename="camel"):
    results: list[ModelTold]
    page_total: int


@contextlib.asynccontextmanager
async def serving(largest_body: int) -> AsyncIterator[ASGIApp]:
    """The application that answers, as long as this lasts. It takes bodies of so many bytes."""
    tools = Tools()
    server: Server[Any] = Server(
        "aixplain-hub",
        version=version("aixplain-models"),
        on_list_tools=tools.list,
        on_call_tool=tools.call,
        get_tool_input_schema=lambda name: None,  # it is asked for the headers that a tool wants; none does
    )
    server.add_notification_handler("notifications/cancelled", types.CancelledNotificationParams, tools.give_up)
    manager = StreamableHTTPSessionManager(server, stateless=True, max_request_body_size=largest_body)
    async with manager.run():
        yield manager.handle_request


class Tools:
    """The models as tools: those that the address and the key allow."""

    def __init__(self) -> None:
        self._calls = Calls()

    async def list(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The model of the address, or a page of all."""
        request = _request(context)
        key = request.path_params.get("key")
        try:
            if key is not None:
                told = _decoded(service_of(request).get(key, None, key_of(request)), ModelTold)
                return types.ListToolsResult(tools=[tool_of(told)])
            wanted = Search(page_number=_page_number(params), page_size=TOOLS_A_PAGE)
            body = await service_of(request).search(wanted, key_of(request))
        except Refusal as refusal:
            raise _wrong(refusal.message) from refusal
        page = _decoded(body, _Page)
        following = str(wanted.page_number + 1) if wanted.page_number + 1 < page.page_total else None
        return types.ListToolsResult(tools=[tool_of(model) for model in page.results], next_cursor=following)

    async def call(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Run a model to its end, also one that runs in the background; a client that goes away gives it up."""
        request = _request(context)
        visit = Visit(request, params.name.encode(), msgspec.json.encode(params.arguments))
        entry = _entry(visit, request, params.name)
        work = visit.whole(entry, dict(params.arguments or {}), _teller(context))
        try:
            return result_of(await self._calls.do(_place(request, context.request_id), work, request.scope.get(WATCH)))
        except (Refusal, HubError) as error:
            told = error.told if isinstance(error, HubError) else error.message
            return types.CallToolResult(content=[types.TextContent(text=told)], is_error=True)

    async def give_up(self, context: Context, params: types.CancelledNotificationParams) -> None:
        """Stop a call that its client doesn't want any more."""
        self._calls.give_up(_place(_request(context), params.request_id))


def _entry(visit: Visit, request: Request, name: str) -> Entry:
    """The model that a tool is, among those of the address."""
    key = request.path_params.get("key") or named_model(name)
    try:
        entry = visit.entry(key)
    except Refusal as refusal:
        raise _wrong(refusal.message) from refusal
    if tool_name(entry.path, entry.id) != name:
        raise _wrong(f"There is no tool {name!r:.100} here. Ask for the list: tools/list.")
    return entry


def _teller(context: Context) -> OnProgress:
    """Tells how far a run is, each time that it is further, as the protocol wants it."""
    told = -1.0

    async def tell(done: float) -> None:
        nonlocal told
        if done > told:
            told = done
            await context.session.report_progress(done, 1.0)

    return tell


def _place(request: Request, request_id: str | int | None) -> Place | None:
    """Where a call may be given up; None where its client has another way."""
    session = request.headers.get(SESSION)
    return None if session is None or request_id is None else Place(key_of(request).id, session, request_id)


def _request(context: Context) -> Request:
    if context.request is None:
        raise TypeError("this server answers requests over HTTP")
    return context.request


def _page_number(params: types.PaginatedRequestParams | None) -> int:
    cursor = params.cursor if params is not None else None
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 12):
        raise _wrong(f"{cursor!r:.60} is no cursor of this list. Begin again without one.")
    return int(cursor)


def _decoded(body: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(body, type=kind)


def _wrong(message: str) -> MCPError:
    return MCPError(types.INVALID_PARAMS, message)
