"""What every outlet reads from a request: its body, who asks for what, and the service that answers."""

from __future__ import annotations

import functools
import re
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from aixplain._wire.messages import IDEMPOTENCY_KEY
from aixplain.hub.endpoints import header_of, key_of
from aixplain.hub.endpoints.sizes import SMALL, check_names, check_values
from aixplain.hub.errors import Refusal
from aixplain.hub.forwarding import HOST, PREFIX, is_host
from aixplain.hub.once import asked
from aixplain.hub.runs import Asked
from aixplain.hub.service import Service
from aixplain.hub.settings import Settings

T = TypeVar("T")
#: The path of a file that a model made, as a whole value in JSON.
_FILE = re.compile(rb'"(/files/[\w-]{22}/[^"\\/]+")')
_KEY_HEADER = IDEMPOTENCY_KEY.encode()


def service_of(request: Request) -> Service:
    """What a request means, this tells."""
    service: Service = request.app.state.service
    return service


def root_of(request: Request) -> str:
    """The hub's own address, as its caller reaches it."""
    settings: Settings = request.app.state.settings
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    scope = request.scope
    host = scope.get(HOST) or header_of(scope, b"host")
    if not is_host(host):
        address, port = scope["server"]
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"{scope['scheme']}://{host}{scope.get(PREFIX, '')}"


def with_addresses(body: bytes, request: Request) -> bytes:
    """A result in which the files of this hub have whole addresses."""
    if b'"/files/' not in body:
        return body
    root = root_of(request).encode()
    return _FILE.sub(lambda found: b'"' + root + found[1], body)


def asked_by(request: Request, *content: bytes) -> Asked:
    """Who asks, under which idempotency key; `content` is all that makes it the request that it is. Raises `Refusal`."""
    return asked(key_of(request).id, header_of(request.scope, _KEY_HEADER), *content)


async def read_body(request: Request, largest: int | None = None) -> bytes:
    """Read the body, of up to `largest` bytes. Raises `Refusal` for one that is too large, or has too many JSON values."""
    settings: Settings = request.app.state.settings
    if largest is None:
        largest = settings.largest_body
    announced = header_of(request.scope, b"content-length") or ""
    if announced.isdigit() and int(announced) > largest:
        raise _too_large(largest)
    pieces, size, more = list[bytes](), 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        size, more = size + len(pieces[-1]), message.get("more_body", False)
        if size > largest:
            raise _too_large(largest)
    body = b"".join(pieces)
    if size > SMALL:
        await check_values(body, settings.most_values)
    return body


def _too_large(largest: int) -> Refusal:
    return Refusal(413, f"The body is larger than {largest / 1024**2:.3g} MB; send files up instead.")


async def body_of(request: Request, kind: type[T]) -> T:
    """The JSON body. Raises `Refusal` for one that is too large, no JSON, or of another shape."""
    return decoded(await read_body(request), kind)


def decoded_inputs(body: bytes) -> dict[str, Any]:
    """Decode a JSON object whose names are inputs. Raises `Refusal`."""
    inputs = decoded(body, dict[str, Any])
    check_names(inputs)
    return inputs


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
