"""One service that speaks OpenAI: requests to it over our HTTP, and what they fail of."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import msgspec

from aixplain._wire.errors import read_error
from aixplain._wire.messages import Usage
from aixplain._wire.open_records import decode_open
from aixplain._wire.rate_limits import asked_wait
from aixplain.hub.backends import ModelError
from aixplain.hub.backends.service import Service
from aixplain.hub.errors import ErrorFields
from aixplain.v2._flow import AsyncStream, Body, Request, Response, TransportFailure, TransportTimeout
from aixplain.v2._http.loops import AsyncSocketTransport
from aixplain.v2._http.options import Options
from aixplain.v2._streams.drain import afinish

#: The hub bounds requests itself, so the client of one upstream has no bound of its own.
MAX_CONNECTIONS = 1_000_000


class Upstream(Service):
    """A service that speaks OpenAI at `url`, known here by its `name`.

    `key_env` names the variable of this process's environment that has its key; None for a service that wants none.
    """

    def __init__(self, name: str, url: str, key_env: str | None = None) -> None:
        super().__init__(name, key_env)
        self.url = url.rstrip("/")
        self.places = _places(self.url)
        self._transport = AsyncSocketTransport(Options(max_connections=MAX_CONNECTIONS))

    async def post(self, path: str, content: bytes | Body, content_type: str = "application/json") -> Response:
        """The whole answer to a post. Raises `ModelError`."""
        return await self._whole(self._request("POST", path, content, content_type))

    async def get(self, path: str) -> Response:
        """The whole answer to a get. Raises `ModelError`."""
        return await self._whole(self._request("GET", path, None, None))

    async def open(self, path: str, content: bytes) -> OpenAnswer:
        """The answer to a post, as it comes. Raises `ModelError`."""
        try:
            answer = await self._transport.stream(self._request("POST", path, content, "application/json"))
        except TransportFailure as failure:
            raise self.broken(failure) from failure
        if isinstance(answer, Response):
            raise self._refused(answer)
        return OpenAnswer(self, answer)

    def broken(self, failure: TransportFailure) -> ModelError:
        """No answer came, or not all of it."""
        words = self._clean(f"{failure}.")
        if isinstance(failure, TransportTimeout):
            return self.late(words)
        return self.cut(words) if failure.sent else self.unreachable(words)

    async def _whole(self, request: Request) -> Response:
        try:
            answer = await self._transport.request(request)
        except TransportFailure as failure:
            raise self.broken(failure) from failure
        if answer.status >= 300:
            raise self._refused(answer)
        return answer

    def _request(self, method: str, path: str, content: bytes | Body | None, content_type: str | None) -> Request:
        headers = {"accept": "application/json, text/event-stream"}
        if content_type is not None:
            headers["content-type"] = content_type
        if (key := self.key()) is not None:
            headers["authorization"] = f"Bearer {key}"
        return Request(method, self.url + path, headers, content)

    def _refused(self, answer: Response) -> ModelError:
        words, content = read_error(answer.content)
        error = content.get("error")
        fields = ErrorFields.read(error if isinstance(error, dict) else content)
        wait = asked_wait(answer.headers, answer.status, time.time())
        return self.refused(answer.status, words or f"it answered {answer.status}", wait, fields)


def _places(url: str) -> tuple[str, ...]:
    """An address in all the ways that somebody may repeat it. A name without a dot could be any word."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    names = (url, f"{parts.scheme}://{parts.netloc}", parts.netloc, host if "." in host or ":" in host else "")
    return tuple(dict.fromkeys(name for name in names if name))


class OpenAnswer:
    """An answer that is read as it comes. Close it."""

    def __init__(self, upstream: Upstream, body: AsyncStream) -> None:
        self.is_events = "json" not in body.headers.get("content-type", "")
        self._upstream = upstream
        self._body = body

    async def read(self) -> bytes | None:
        """The next bytes, None at the end. Raises `ModelError`."""
        try:
            return await self._body.read()
        except TransportFailure as failure:
            raise self._upstream.broken(failure) from failure

    async def finish(self) -> None:
        """The last event came: read to the end of the body, so that its connection serves again."""
        await afinish(self._body)

    async def close(self) -> None:
        """Let go of the connection; one with an answer that goes on is closed."""
        await self._body.close()


def read_usage(told: msgspec.Raw) -> Usage | None:
    """What a service says that a request used; None when it doesn't."""
    body = bytes(told)
    if not body.startswith(b"{"):
        return None
    return decode_open(Usage, body)
