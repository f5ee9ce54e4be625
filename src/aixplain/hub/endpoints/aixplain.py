"""The aiXplain v2 protocol over HTTP: catalog, runs, polls and files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from aixplain._wire.messages import IN_PROGRESS, Search
from aixplain.hub.endpoints import JsonResponse, error_response, key_of, listing, retry_after
from aixplain.hub.endpoints.official import is_official, without_attributes
from aixplain.hub.endpoints.reading import (
    asked_by,
    body_of,
    decoded,
    decoded_inputs,
    read_body,
    root_of,
    service_of,
    with_addresses,
)
from aixplain.hub.endpoints.routing import Route
from aixplain.hub.endpoints.streams import EventStream, events_of
from aixplain.hub.errors import Refusal
from aixplain.hub.presence import while_here
from aixplain.hub.service import Accepted, Pieces

LONGEST_HOLD = 60  # seconds
#: Where runs are polled that were posted to the older address of the protocol.
OLDER = "/api/v1/data/"
LARGEST_FORM, LARGEST_ANNOUNCEMENT = 16 * 1024, 512 * 1024
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", re.ASCII | re.IGNORECASE)


async def search(request: Request) -> Response:
    return _catalog_answer(request, await service_of(request).search(await body_of(request, Search), key_of(request)))


async def facets(request: Request) -> Response:
    return JsonResponse(await service_of(request).facets(await body_of(request, Search), key_of(request)))


async def get(request: Request) -> Response:
    key, host = request.path_params["key"], request.query_params.get("host")
    return _catalog_answer(request, service_of(request).get(key, host, key_of(request)))


async def run(request: Request) -> Response:
    return await _run(request, background=False)


async def run_in_background(request: Request) -> Response:
    return await _run(request, background=True)


async def poll_or_cancel(request: Request) -> Response:
    return await (_cancel if request.method == "DELETE" else _poll)(request)


async def _poll(request: Request) -> Response:
    run_id, hold = request.path_params["run_id"], _hold(request)
    polling = service_of(request).poll(run_id, key_of(request), hold)
    standing = await (while_here(request.scope, polling) if hold else polling)
    is_older = request.scope["path"].startswith(OLDER)
    body = standing.result or _in_progress(request, run_id, standing.progress, is_older=is_older)
    return JsonResponse(with_addresses(body, request), headers={"preference-applied": f"wait={hold}"} if hold else None)


async def _cancel(request: Request) -> Response:
    standing = await service_of(request).cancel(request.path_params["run_id"], key_of(request))
    return JsonResponse(standing.result or b"")


async def list_runs(request: Request) -> Response:
    asked_for = listing.wanted(request.query_params, key_of(request).id)
    found = await service_of(request).listed(asked_for)
    return JsonResponse(msgspec.json.encode(listing.page(found, asked_for, root_of(request))))


async def get_run(request: Request) -> Response:
    run = await service_of(request).run_row(request.path_params["run_id"], key_of(request))
    return JsonResponse(msgspec.json.encode(listing.told(run, root_of(request))))


async def retry(request: Request) -> Response:
    accepted = await service_of(request).retry(request.path_params["run_id"], key_of(request))
    return JsonResponse(_in_progress(request, accepted.run_id, None), 201)


async def announce_upload(request: Request) -> Response:
    wanted = await _announced(request)
    path = await service_of(request).files.reserve(str(wanted.get("originalName") or "file"), key_of(request).id)
    url = root_of(request) + path
    return JsonResponse(msgspec.json.encode({"key": path.removeprefix("/files/"), "uploadUrl": url, "downloadUrl": url}))


async def put_file(request: Request) -> Response:
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdigit() else None
    await service_of(request).files.put(**request.path_params, chunks=request.stream(), size=size)
    return Response(status_code=200)


async def get_file(request: Request) -> Response:
    path = await service_of(request).files.get(**request.path_params)
    if path is None:
        raise Refusal(404, "There is no such file on this hub. Send it up again.")
    # Sent as a download: a page that somebody sent up must not run as one of the hub's own.
    return FileResponse(path, filename=path.name, headers={"x-content-type-options": "nosniff"})


ROUTES = [
    Route("/api/v2/execute/{key:path}", run, methods=["POST"]),
    Route("/api/v1/execute/{key:path}", run_in_background, methods=["POST"]),
    Route("/v2/models/paginate", search, methods=["POST"]),
    Route("/v2/models/facets", facets, methods=["POST"]),
    Route("/v2/models/{key:path}", get, methods=["GET"]),
    Route("/sdk/runs", list_runs, methods=["GET"]),
    Route("/sdk/runs/{run_id}", get_run, methods=["GET"]),
    Route("/sdk/runs/{run_id}/retry", retry, methods=["POST"]),
    Route("/sdk/runs/{run_id}/result", poll_or_cancel, methods=["GET", "DELETE"]),
    Route(OLDER + "{run_id}", poll_or_cancel, methods=["GET", "DELETE"]),
    Route("/sdk/file/upload/temp-url", announce_upload, methods=["POST"]),
    Route("/files/{token}/{name}", put_file, methods=["PUT"]),
    Route("/files/{token}/{name}", get_file, methods=["GET"]),
]


async def _run(request: Request, *, background: bool) -> Response:
    body = await read_body(request)
    inputs = decoded_inputs(body)
    asked = asked_by(request, b"v1" if background else b"v2", body)
    service, key = service_of(request), request.path_params["key"]
    running = service.run(key, inputs, background=background, asked=asked, by=key_of(request))
    is_left = not background and service.stops_with_caller(key, asked)
    answer = await (while_here(request.scope, running) if is_left else running)
    if isinstance(answer, Accepted):
        return JsonResponse(_in_progress(request, answer.run_id, None, is_older=background), 201)
    if isinstance(answer, Pieces):
        return EventStream(events_of(answer, official=is_official(request)), answer.run_id)
    if answer.status == 429:  # nothing was done, so the same request may come again
        return error_response(429, answer.error or "", retry_after(answer.retry_after))
    return JsonResponse(with_addresses(answer.envelope, request))


def _hold(request: Request) -> int:
    """The seconds that a poll may be held: `Prefer: wait=30`."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(int(found[1]), LONGEST_HOLD) if found else 0


def _catalog_answer(request: Request, body: bytes) -> Response:
    return JsonResponse(without_attributes(body) if is_official(request) else body)


def _in_progress(request: Request, run_id: str, progress: float | None, *, is_older: bool = False) -> bytes:
    path = f"{OLDER}{run_id}" if is_older else f"/sdk/runs/{run_id}/result"
    return msgspec.json.encode(
        {
            "status": IN_PROGRESS,
            "completed": False,
            "data": f"{root_of(request)}{path}",
            "requestId": run_id,
            "progress": progress,
        }
    )


async def _announced(request: Request) -> dict[str, Any]:
    """What goes up. The official client sends a form."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl((await read_body(request, LARGEST_FORM)).decode("utf-8", "replace")))
    return decoded(await read_body(request, LARGEST_ANNOUNCEMENT), dict[str, Any])
