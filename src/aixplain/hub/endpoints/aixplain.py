"""The aiXplain v2 protocol over HTTP: catalog, runs, streams, polls and files."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from aixplain._wire.errors import write_error
from aixplain._wire.messages import FAILED, IN_PROGRESS, Search
from aixplain._wire.sse import DONE, encode_event
from aixplain.hub.backends import ModelError
from aixplain.hub.errors import Refusal
from aixplain.hub.execution import Outcome, describe
from aixplain.hub.service import Accepted, Pieces, Service

T = TypeVar("T")
LARGEST_BODY = 10 * 1024 * 1024


async def search(request: Request) -> Response:
    return _json(await _service(request).search(await _body(request, Search)))


async def get(request: Request) -> Response:
    return _json(_service(request).get(request.path_params["key"]))


async def run(request: Request) -> Response:
    return await _run(request, background=False)


async def run_in_background(request: Request) -> Response:
    return await _run(request, background=True)


async def poll(request: Request) -> Response:
    run_id = request.path_params["run_id"]
    standing = _service(request).poll(run_id)
    if standing.result is not None:
        return _json(standing.result)
    return _json(_in_progress(request, run_id, standing.progress))


async def announce_upload(request: Request) -> Response:
    wanted = await _body(request, dict[str, Any])
    path = _service(request).files.reserve(str(wanted.get("originalName") or "file"))
    url = _root(request) + path
    return _json(msgspec.json.encode({"key": path.removeprefix("/files/"), "uploadUrl": url, "downloadUrl": url}))


async def put_file(request: Request) -> Response:
    await _service(request).files.write(request.url.path, request.stream())
    return Response(status_code=200)


async def get_file(request: Request) -> Response:
    # Sent as a download: a page that somebody sent up must not run as one of the hub's own.
    path = _service(request).files.find(request.url.path)
    return FileResponse(path, content_disposition_type="attachment", headers={"x-content-type-options": "nosniff"})


ROUTES = [
    Route("/v2/models/paginate", search, methods=["POST"]),
    Route("/v2/models/{key:path}", get, methods=["GET"]),
    Route("/api/v2/execute/{key:path}", run, methods=["POST"]),
    Route("/api/v1/execute/{key:path}", run_in_background, methods=["POST"]),
    Route("/sdk/runs/{run_id}/result", poll, methods=["GET"]),
    Route("/api/v1/data/{run_id}", poll, methods=["GET"]),
    Route("/sdk/file/upload/temp-url", announce_upload, methods=["POST"]),
    Route("/files/{token}/{name}", put_file, methods=["PUT"]),
    Route("/files/{token}/{name}", get_file, methods=["GET"]),
]


async def _run(request: Request, *, background: bool) -> Response:
    inputs = await _body(request, dict[str, Any])
    answer = await _service(request).run(request.path_params["key"], inputs, background=background)
    if isinstance(answer, Outcome):
        return _json(answer.envelope)
    if isinstance(answer, Accepted):
        return _json(_in_progress(request, answer.run_id, None), 201)
    return StreamingResponse(_events(answer), media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def _events(answer: Pieces) -> AsyncIterator[bytes]:
    """The pieces as events of either shape. A model that fails half-way says so in the stream."""
    chunk = _RawChunks(answer.entry.path) if answer.raw else _DataChunks()
    try:
        async for piece in answer.pieces:
            yield encode_event(chunk.piece(piece))
    except ModelError as error:
        yield encode_event(_stream_error(str(error), error.status))
    except Exception as error:  # the model's own code: its traceback is logged, its reader is told
        yield encode_event(_stream_error(describe(answer.entry, error), 500))
    else:
        for event in chunk.end():
            yield encode_event(event)
        yield DONE


class _DataChunks:
    """`{"data": "tok"}`, the protocol's own shape."""

    def piece(self, text: str) -> bytes:
        return msgspec.json.encode({"data": text})

    def end(self) -> list[bytes]:
        return []


class _RawChunks:
    """OpenAI's chunks, which `{"options": {"raw": true}}` asks for."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": "chat.completion.chunk", "model": model}

    def piece(self, text: str) -> bytes:
        return self._chunk({"content": text}, None)

    def end(self) -> list[bytes]:
        return [self._chunk({}, "stop")]

    def _chunk(self, delta: dict[str, str], finish_reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return msgspec.json.encode({**self._head, "choices": [choice], "usage": None})


def _stream_error(message: str, status: int) -> bytes:
    return msgspec.json.encode({"status": FAILED, "error": {"message": message}, "statusCode": status})


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


async def _body(request: Request, kind: type[T]) -> T:
    """The JSON body. Raises `Refusal` for one that is too large, no JSON, or of another shape."""
    size = request.headers.get("content-length", "0")
    if size.isdigit() and int(size) > LARGEST_BODY:
        raise Refusal(413, f"The body is larger than {LARGEST_BODY // 1024**2} MB; send files up instead.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refusal(413, f"The body is larger than {LARGEST_BODY // 1024**2} MB; send files up instead.")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise Refusal(400, f"The body is not what this address takes: {error}") from error


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to a request that is refused."""
    return Response(write_error(status, message), status, headers, media_type="application/json")
