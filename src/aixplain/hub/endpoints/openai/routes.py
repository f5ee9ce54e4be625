"""The addresses that clients of OpenAI know."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from aixplain.hub.backends import ModelError
from aixplain.hub.endpoints import JsonResponse, key_of
from aixplain.hub.endpoints.openai import embeddings, listing, requests
from aixplain.hub.endpoints.openai.completions import completion, events_of_pieces, events_of_whole, first_of
from aixplain.hub.endpoints.openai.errors import Unfit
from aixplain.hub.endpoints.reading import decoded_inputs, read_body, service_of
from aixplain.hub.endpoints.routing import Route
from aixplain.hub.endpoints.streams import EventStream, RawChunks
from aixplain.hub.endpoints.visits import Finished, Visit
from aixplain.hub.errors import Refusal
from aixplain.hub.presence import while_here


async def list_models(request: Request) -> Response:
    return JsonResponse(await listing.models(service_of(request), key_of(request)))


async def get_model(request: Request) -> Response:
    return JsonResponse(listing.model(service_of(request), request.path_params["key"], key_of(request)))


async def chat(request: Request) -> Response:
    body = await read_body(request)
    wanted, visit = decoded_inputs(body), Visit(request, b"chat", body)
    model = _taken(wanted, "model", str)
    streams = _taken(wanted, "stream", bool, default=False)
    usage = _taken(wanted, "stream_options", dict, default={}).get("include_usage") is True
    entry = visit.entry(model)
    inputs = requests.inputs_of(entry, wanted)
    if not streams:
        return JsonResponse(completion(await while_here(request.scope, visit.whole(entry, inputs)), model))
    answer = await while_here(request.scope, visit.pieces(entry, inputs))
    chunks = RawChunks(model)
    if isinstance(answer, Finished):
        return EventStream(events_of_whole(answer, chunks, usage=usage), answer.request_id)
    try:
        first = await while_here(request.scope, first_of(answer))
    except ModelError as error:
        raise Refusal(error.status, str(error), error.retry_after, error.fields) from error
    return EventStream(events_of_pieces(answer, first, chunks, usage=usage), answer.run_id)


async def embed(request: Request) -> Response:
    body = await read_body(request)
    wanted, visit = decoded_inputs(body), Visit(request, b"embeddings", body)
    model = _taken(wanted, "model", str)
    encoding = _taken(wanted, "encoding_format", str, default="float")
    if encoding not in ("float", "base64"):
        raise Unfit(f"encoding_format is float or base64, and not {encoding!r:.60}.", "encoding_format")
    entry = visit.entry(model)
    answer = await while_here(request.scope, visit.whole(entry, embeddings.inputs_of(entry, wanted)))
    return JsonResponse(embeddings.vectors_of(entry, answer, model, encoding))


ROUTES = [
    Route("/v1/chat/completions", chat, methods=["POST"]),
    Route("/v1/models", list_models, methods=["GET"]),
    Route("/v1/models/{key:path}", get_model, methods=["GET"]),
    Route("/v1/embeddings", embed, methods=["POST"]),
]


def _taken(wanted: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    """A part of the request that is no input; null is as if it weren't there. Raises `Unfit`."""
    value = wanted.pop(name, None)
    if value is None and default is not None:
        return default
    if not isinstance(value, kind):
        hint = ": the id or the path of a model, as /v1/models lists them" if name == "model" else ""
        raise Unfit(f"'{name}' is a {kind.__name__}{hint}, and here it is {value!r:.60}.", name)
    return value
