"""`GET /sdk/usage`: what was used, in sums by day, model and key. A key sees its own; those that administer see all."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from aixplain.hub.endpoints import JsonResponse, key_of
from aixplain.hub.endpoints.listing import time_in
from aixplain.hub.endpoints.routing import Route
from aixplain.hub.errors import Refusal
from aixplain.hub.store.usage import PARTS, UsageWanted
from aixplain.hub.usage import asked_for, told

FILTERS = ("since", "until", "by")


async def tell(request: Request) -> Response:
    """The sums that the query names."""
    await request.app.state.runs.settled()
    found = await request.app.state.usage.sums(_wanted(request))
    return JsonResponse(msgspec.json.encode({"results": [told(each) for each in found]}))


ROUTES = [Route("/sdk/usage", tell, methods=["GET"])]


def _wanted(request: Request) -> UsageWanted:
    query, key = request.query_params, key_of(request)
    unknown = [name for name in query if name not in FILTERS]
    if unknown:
        raise Refusal(400, f"{unknown[0]!r:.60} is no filter of usage; there are {', '.join(FILTERS)}.")
    by = query.get("by", ",".join(PARTS)).split(",")
    try:
        return asked_for(
            None if key.is_admin else key.id, time_in(query, "since", None), time_in(query, "until", None), filter(None, by)
        )
    except ValueError as error:
        raise Refusal(400, str(error)) from error
