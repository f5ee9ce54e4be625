"""How the webhooks of runs stand, and what they are signed with."""

from __future__ import annotations

import base64

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from aixplain.hub.endpoints import JsonResponse, key_of
from aixplain.hub.endpoints.routing import Route
from aixplain.hub.moments import moment
from aixplain.hub.store.webhooks import DeliveryAttempt, Webhook
from aixplain.hub.webhooks import GONE, Courier


async def list_webhooks(request: Request) -> Response:
    """The webhooks of a run, which are one or none, with all attempts."""
    run_id = request.path_params["run_id"]
    await request.app.state.service.standing(run_id, key_of(request))
    webhook = await request.app.state.courier.find(run_id)
    return JsonResponse(msgspec.json.encode({"results": [] if webhook is None else [_told(webhook)]}))


async def tell_secret(request: Request) -> Response:
    """The secret of the key that asks."""
    courier: Courier = request.app.state.courier
    secret = await courier.secret(key_of(request).id)
    return JsonResponse(msgspec.json.encode({"secret": f"whsec_{base64.b64encode(secret).decode()}"}))


ROUTES = [
    Route("/sdk/runs/{run_id}/webhooks", list_webhooks, methods=["GET"]),
    Route("/sdk/webhooks/secret", tell_secret, methods=["GET"]),
]


def _told(webhook: Webhook) -> dict[str, object]:
    return {
        "url": webhook.url,
        "state": _state(webhook),
        "nextAttemptAt": moment(webhook.due_at or None),
        "attempts": [_attempt(attempt) for attempt in webhook.attempts],
    }


def _attempt(attempt: DeliveryAttempt) -> dict[str, object]:
    return {
        "number": attempt.number,
        "at": moment(attempt.at),
        "seconds": round(attempt.seconds, 3),
        "statusCode": attempt.status,
        "errorMessage": attempt.error,
    }


def _state(webhook: Webhook) -> str:
    """`waiting` for the run or for the next attempt, `delivered`, or `given up`."""
    last = webhook.attempts[-1] if webhook.attempts else None
    if webhook.due_at is not None or last is None:
        return "waiting"
    return "delivered" if last.status is not None and last.status != GONE and last.status < 300 else "given up"
