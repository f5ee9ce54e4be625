"""One service that speaks OpenAI: requests to it, and its failures as whoever runs a model here is told of them."""

from __future__ import annotations

import os
from typing import TypeVar

import msgspec

from aixplain._wire.errors import read_error, retry_after
from aixplain._wire.messages import Usage
from aixplain._wire.open_records import decode_open
from aixplain.hub.backends import ModelError
from aixplain.hub.execution import logger
from aixplain.v2._flow import AsyncStream, Body, Request, Response, TransportFailure, TransportTimeout
from aixplain.v2._http.loops import AsyncSocketTransport
from aixplain.v2._streams.drain import afinish

T = TypeVar("T")

#: What the caller's inputs are to blame for, told as the service told it.
TOLD = {400: 400, 413: 413, 415: 400, 422: 400}
SUPPLIER = 485


class KeyProblem(ModelError):
    """The service has no use for this hub's key. Callers read the message, `advice` is for whoever runs the hub."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(f"{message}; the hub's log says what to set.", SUPPLIER)
        self.advice = advice
        logger.error("%s", advice)


class Upstream:
    """A service that speaks OpenAI at `url`, known here by its `name`.

    `key_env` names the variable of this process's environment that has its key; None for a service that wants none.
    """

    def __init__(self, name: str, url: str, key_env: str | None = None) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self.tells_usage: bool | None = None
        """Whether it lets itself be asked what a stream used; None until it was."""
        self._key_env = key_env
        self._transport = AsyncSocketTransport()

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
            raise self.unreachable(failure) from failure
        if isinstance(answer, Response):
            raise self._refused(answer)
        return OpenAnswer(self, answer)

    def unreachable(self, failure: TransportFailure) -> ModelError:
        """No answer came, or not all of it."""
        if isinstance(failure, TransportTimeout):
            return ModelError(f"The upstream '{self.name}' was too slow: {failure}.", 504)
        if failure.sent:
            return ModelError(f"The answer of the upstream '{self.name}' was cut: {failure}.", SUPPLIER)
        return ModelError(f"The upstream '{self.name}' is not there: {failure}. Is it running?", 503)

    def failed(self, words: str) -> ModelError:
        """It answered, and not as it should."""
        return ModelError(f"The upstream '{self.name}' failed: {words}", SUPPLIER)

    def decoded(self, body: bytes, kind: type[T], otherwise: str) -> T:
        """A body of the service, read as it should be. Raises `ModelError`: it is `otherwise`."""
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.failed(read_error(body)[0] or f"what it answered is {otherwise}.") from error

    async def _whole(self, request: Request) -> Response:
        try:
            answer = await self._transport.request(request)
        except TransportFailure as failure:
            raise self.unreachable(failure) from failure
        if answer.status >= 300:
            raise self._refused(answer)
        return answer

    def _request(self, method: str, path: str, content: bytes | Body | None, content_type: str | None) -> Request:
        headers = {"accept": "application/json, text/event-stream"}
        if content_type is not None:
            headers["content-type"] = content_type
        if self._key_env is not None:
            headers["authorization"] = f"Bearer {self._key(self._key_env)}"
        return Request(method, self.url + path, headers, content)

    def _key(self, variable: str) -> str:
        key = os.environ.get(variable)
        if not key:
            advice = f"The upstream '{self.name}' needs a key: set {variable} in the hub's environment, and start it again."
            raise KeyProblem(f"This hub has no key for the upstream '{self.name}'", advice)
        return key

    def _refused(self, answer: Response) -> ModelError:
        """What the service says of a request that it didn't carry out."""
        status, words = answer.status, read_error(answer.content)[0] or f"it answered {answer.status}"
        if status in (401, 403):
            return self._refused_key(status)
        if status == 429:
            return ModelError(f"The upstream '{self.name}' has too many requests: {words}", 429, retry_after(answer.headers))
        if status in TOLD:
            return ModelError(f"The upstream '{self.name}' refused the request: {words}", TOLD[status])
        if status in (408, 504):
            return ModelError(f"The upstream '{self.name}' was too slow: {words}", 504)
        if status == 503:
            return ModelError(f"The upstream '{self.name}' is busy or down: {words}", 503, retry_after(answer.headers))
        return self.failed(words)

    def _refused_key(self, status: int) -> ModelError:
        """The words of the service are for nobody: they may have parts of the key."""
        if self._key_env is None:
            advice = f"The upstream '{self.name}' wants a key ({status}): name the variable that has it with --key-env."
        else:
            advice = (
                f"The upstream '{self.name}' refused the key in {self._key_env} ({status}): set another one where the hub runs."
            )
        return KeyProblem(f"The upstream '{self.name}' refused this hub's key", advice)


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
            raise self._upstream.unreachable(failure) from failure

    async def finish(self) -> None:
        """The last event came: read to the end of the body, so that its connection serves again."""
        await afinish(self._body)

    async def close(self) -> None:
        """Let go of the connection; one with an answer that goes on is closed."""
        await self._body.close()


def read_usage(told: msgspec.Raw) -> Usage | None:
    """What a service says that a request used; None when it doesn't."""
    body = bytes(told)
    return None if body in (b"", b"null") else decode_open(Usage, body)
