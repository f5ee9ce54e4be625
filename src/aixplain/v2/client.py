"""The low doors: any request to the service, with the client's key, retries and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import msgspec

from aixplain._wire.plain_data import encode
from aixplain._wire.records import parse
from aixplain.v2 import _operations as operations
from aixplain.v2._flow import AsyncStream, Request, Response, Stream, adrive, drive
from aixplain.v2._search import not_the_protocol
from aixplain.v2._send import headers
from aixplain.v2._settings import Settings, absolute
from aixplain.v2._watching.observe import observed
from aixplain.v2.exceptions import InputError

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain, AsyncAixplain


class RequestOptions(TypedDict, total=False):
    """What a request takes: a JSON body, query parameters, more headers, a deadline in seconds."""

    json: Any
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    timeout: float


def _request(settings: Settings, method: str, path: str, options: RequestOptions) -> Request:
    url = absolute(settings.backend_url, path)
    if params := options.get("params"):
        from urllib.parse import urlencode  # slow to import

        url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
    content = None
    if "json" in options:
        try:
            content = encode({"json": options["json"]})[len(b'{"json":') : -1]
        except ValueError as error:
            raise InputError(f"The request can't be sent: {error}") from error
    named = {**headers(settings), **options.get("headers", {})}
    return Request(method.upper(), url, named, content, options.get("timeout"))


def _decoded(response: Response, settings: Settings) -> Any:
    if not response.content:
        return {}
    try:
        return parse(response.content)
    except msgspec.DecodeError as error:
        raise not_the_protocol(response.content, settings.api_key) from error


class AixplainClient:
    """Requests below the resources, blocking. Reach it as `Aixplain().client`."""

    def __init__(self, aix: Aixplain) -> None:
        self._aix = aix

    def request_raw(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send, and give the whole answer: `status`, `headers`, `content`. Raises `APIError` for a refusal."""
        response: Response = self._send(method, path, options)
        return response

    def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Any:
        """Send, and give the answer's JSON."""
        return _decoded(self.request_raw(method, path, **options), self._aix.settings)

    def get(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        """The JSON at a path under the catalog's address."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        """Post JSON to a path under the catalog's address."""
        return self.request("POST", path, **options)

    def request_stream(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Stream:
        """Send, and give the answer's body to `read()` as it arrives."""
        opened: Stream = self._send(method, path, options, streamed=True)
        return opened

    def _send(self, method: str, path: str, options: RequestOptions, *, streamed: bool = False) -> Any:
        settings = self._aix.settings
        operation = operations.call(settings, _request(settings, method, path, options), streamed=streamed)
        return drive(observed(operation, settings), self._aix._transport)


class AsyncAixplainClient:
    """Requests below the resources, on asyncio. Reach it as `AsyncAixplain().client`."""

    def __init__(self, aix: AsyncAixplain) -> None:
        self._aix = aix

    async def request_raw(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send, and give the whole answer: `status`, `headers`, `content`. Raises `APIError` for a refusal."""
        response: Response = await self._send(method, path, options)
        return response

    async def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Any:
        """Send, and give the answer's JSON."""
        return _decoded(await self.request_raw(method, path, **options), self._aix.settings)

    async def get(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        """The JSON at a path under the catalog's address."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        """Post JSON to a path under the catalog's address."""
        return await self.request("POST", path, **options)

    async def request_stream(self, method: str, path: str, **options: Unpack[RequestOptions]) -> AsyncStream:
        """Send, and give the answer's body to `await read()` as it arrives."""
        opened: AsyncStream = await self._send(method, path, options, streamed=True)
        return opened

    async def _send(self, method: str, path: str, options: RequestOptions, *, streamed: bool = False) -> Any:
        settings = self._aix.settings
        operation = operations.call(settings, _request(settings, method, path, options), streamed=streamed)
        return await adrive(observed(operation, settings), self._aix._transport)
