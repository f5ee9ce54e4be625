"""One service that speaks OpenAI: requests to it over our HTTP, and what they fail of."""

from __future__ import annotations

import time

import msgspec

from aixplain._wire.errors import read_error, retry_after
from aixplain._wire.messages import Usage
from aixplain._wire.open_records import decode_open
from aixplain._wire.rate_limits import rate_limit_reset, retry_after_ms
from aixplain.hub.backends import ModelError
from aixplain.hub.backends.service import Service
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
        if isinstance(failure, TransportTimeout):
            return self.late(f"{failure}.")
        return self.cut(f"{failure}.") if failure.sent else self.unreachable(f"{failure}.")

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
        code = error.get("code") if isinstance(error, dict) else content.get("code")
        wait = _wait_of(answer)
        code = code if isinstance(code, str) and code and not code.isdigit() else None
        return self.refused(answer.status, words or f"it answered {answer.status}", wait, code)


def _wait_of(answer: Response) -> float | None:
    """The seconds that a service asks to be left alone, in the most exact of the ways that it says so."""
    headers = answer.headers
    if (exact := retry_after_ms(headers)) is not None:
        return exact
    usual = retry_after(headers)
    # Some services tell when their limits are reset in every answer; it is the time to wait where they are the reason.
    return rate_limit_reset(headers, time.time()) if usual is None and answer.status == 429 else usual


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
