"""The aiXplain v2 protocol over HTTP: catalog, runs, polls and files."""

from __future__ import annotations

import functools
import re
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from aixplain._wire.messages import IDEMPOTENCY_KEY, IN_PROGRESS, Search
from aixplain.hub.endpoints import error_response, json_response, key_of, listing, retry_after, while_here
from aixplain.hub.endpoints.official import is_official, without_attributes
from aixplain.hub.endpoints.streams import EventStream
from aixplain.hub.errors import Refusal
from aixplain.hub.once import asked
from aixplain.hub.runs import Asked
from aixplain.hub.service import Accepted, Pieces, Service

T = TypeVar("T")
LARGEST_BODY = 10 * 1024 * 1024
LONGEST_HOLD = 60  # seconds
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", re.ASCII | re.IGNORECASE)


async def search(request: Request) -> Response:
    return _catalog_answer(request, await _service(request).search(await body_of(request, Search), key_of(request)))


async def get(request: Request) -> Response:
    key, host = request.path_params["key"], request.query_params.get("host")
    return _catalog_answer(request, _service(request).get(key, host, key_of(request)))


async def run(request: Request) -> Response:
    return await _run(request, background=False)


async def run_in_background(request: Request) -> Response:
    return await _run(request, background=True)


async def poll_or_cancel(request: Request) -> Response:
    return await (_cancel if request.method == "DELETE" else _poll)(request)


async def _poll(request: Request) -> Response:
    run_id, hold = request.path_params["run_id"], _hold(request)
    polling = _service(request).poll(run_id, key_of(request), hold)
    standing = await (while_here(request, polling) if hold else polling)
    body = standing.result or _in_progress(request, run_id, standing.progress)
    return json_response(body, headers={"preference-applied": f"wait={hold}"} if hold else None)


async def _cancel(request: Request) -> Response:
    standing = await _service(request).cancel(request.path_params["run_id"], key_of(request))
    return json_response(standing.result or b"")


async def list_runs(request: Request) -> Response:
    asked_for = listing.wanted(request.query_params, key_of(request).id)
    found = await _service(request).listed(asked_for)
    return json_response(msgspec.json.encode(listing.page(found, asked_for, _root(request))))


async def announce_upload(request: Request) -> Response:
    wanted = await _announced(request)
    path = await _service(request).files.reserve(str(wanted.get("originalName") or "file"))
    url = _root(request) + path
    return json_response(msgspec.json.encode({"key": path.removeprefix("/files/"), "uploadUrl": url, "downloadUrl": url}))


async def put_file(request: Request) -> Response:
    await _service(request).files.put(**request.path_params, chunks=request.stream())
    return Response(status_code=200)


async def get_file(request: Request) -> Response:
    path = await _service(request).files.get(**request.path_params)
    if path is None:
        raise Refusal(404, "There is no such file on this hub. Send it up again.")
    # Sent as a download: a page that somebody sent up must not run as one of the hub's own.
    return FileResponse(path, filename=path.name, headers={"x-content-type-options": "nosniff"})


ROUTES = [
    Route("/api/v2/execute/{key:path}", run, methods=["POST"]),
    Route("/api/v1/execute/{key:path}", run_in_background, methods=["POST"]),
    Route("/v2/models/paginate", search, methods=["POST"]),
    Route("/v2/models/{key:path}", get, methods=["GET"]),
    Route("/sdk/runs", list_runs, methods=["GET"]),
    Route("/sdk/runs/{run_id}/result", poll_or_cancel, methods=["GET", "DELETE"]),
    Route("/api/v1/data/{run_id}", poll_or_cancel, methods=["GET", "DELETE"]),
    Route("/sdk/file/upload/temp-url", announce_upload, methods=["POST"]),
    Route("/files/{token}/{name}", put_file, methods=["PUT"]),
    Route("/files/{token}/{name}", get_file, methods=["GET"]),
]


async def _run(request: Request, *, background: bool) -> Response:
    body = await _read(request)
    inputs = _decoded(body, dict[str, Any])
    asked = _asked(request, b"v1" if background else b"v2", body)
    answer = await _service(request).run(
        request.path_params["key"], inputs, background=background, asked=asked, by=key_of(request)
    )
    if isinstance(answer, Accepted):
        return json_response(_in_progress(request, answer.run_id, None), 201)
    if isinstance(answer, Pieces):
        return EventStream(answer)
    if answer.status == 429:  # nothing was done, so the same request may come again
        return error_response(429, answer.error or "", retry_after(answer.retry_after))
    return json_response(answer.envelope)


def _asked(request: Request, *content: bytes) -> Asked:
    return asked(key_of(request).id, request.headers.get(IDEMPOTENCY_KEY), *content)


def _hold(request: Request) -> int:
    """The seconds that a poll may be held: `Prefer: wait=30`."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(int(found[1]), LONGEST_HOLD) if found else 0


def _catalog_answer(request: Request, body: bytes) -> Response:
    return json_response(without_attributes(body) if is_official(request) else body)


def _in_progress(request: Request, run_id: str, progress: float | None) -> bytes:
    return msgspec.json.encode(
        {
            "status": IN_PROGRESS,
            "completed": False,
            "data": f"{_root(request)}/sdk/runs/{run_id}/result",
            "requestId": run_id,
            "progress": progress,
        }
    )


async def _announced(request: Request) -> dict[str, Any]:
    """What goes up. The official client sends a form."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl((await _read(request)).decode("utf-8", "replace")))
    return await body_of(request, dict[str, Any])


async def body_of(request: Request, kind: type[T]) -> T:
    """The JSON body. Raises `Refusal` for one that is too large, no JSON, or of another shape."""
    return _decoded(await _read(request), kind)


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]  # a type is hashable
        return decoder.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"The body is not what this address takes: {error}.") from error


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


async def _read(request: Request) -> bytes:
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


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _root(request: Request) -> str:
    """The hub's own address, as the caller wrote it."""
    host = request.headers.get("host")
    if host is None:
        return str(request.base_url).rstrip("/")
    return f"{request.scope['scheme']}://{host}{request.scope.get('root_path', '')}".rstrip("/")
