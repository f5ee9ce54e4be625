"""What every outlet reads from a request: its body, who asks for what, and the service that answers."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from aixplain._wire.messages import IDEMPOTENCY_KEY
from aixplain.hub.endpoints import key_of
from aixplain.hub.errors import Refusal
from aixplain.hub.once import asked
from aixplain.hub.runs import Asked
from aixplain.hub.service import Service

T = TypeVar("T")
LARGEST_BODY = 10 * 1024 * 1024


def service_of(request: Request) -> Service:
    """What a request means, this tells."""
    service: Service = request.app.state.service
    return service


def root_of(request: Request) -> str:
    """The hub's own address, as the caller wrote it."""
    host = request.headers.get("host")
    if host is None:
        return str(request.base_url).rstrip("/")
    return f"{request.scope['scheme']}://{host}{request.scope.get('root_path', '')}".rstrip("/")


def asked_by(request: Request, *content: bytes) -> Asked:
    """Who asks, under which idempotency key; `content` is all that makes it the request that it is. Raises `Refusal`."""
    return asked(key_of(request).id, request.headers.get(IDEMPOTENCY_KEY), *content)


async def read_body(request: Request) -> bytes:
    """The body. Raises `Refusal` for one that is too large."""
    announced = request.headers.get("content-length", "")
    body = bytearray()
    too_large = announced.isdigit() and int(announced) > LARGEST_BODY
    if not too_large:
        async for chunk in request.stream():
            body += chunk
            if too_large := len(body) > LARGEST_BODY:
                break
    if too_large:
        raise Refusal(413, f"The body is larger than {LARGEST_BODY // 1024**2} MB; send files up instead.")
    return bytes(body)


async def body_of(request: Request, kind: type[T]) -> T:
    """The JSON body. Raises `Refusal` for one that is too large, no JSON, or of another shape."""
    return decoded(await read_body(request), kind)


def decoded(body: bytes, kind: type[T]) -> T:
    """A JSON body as a `kind`. Raises `Refusal` for one that is no JSON, or of another shape."""
    try:
        decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]  # a type is hashable
        return decoder.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"The body is not what this address takes: {error}.") from error


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
