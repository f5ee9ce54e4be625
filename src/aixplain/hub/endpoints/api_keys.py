"""`/sdk/api-keys`: keys made, changed and ended by those that administer, under the platform's names."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from aixplain.hub.endpoints import JsonResponse, key_of
from aixplain.hub.endpoints.reading import body_of
from aixplain.hub.endpoints.routing import Route
from aixplain.hub.errors import Refusal
from aixplain.hub.key_bodies import KeyBody, changed, told, told_use
from aixplain.hub.keys import Keyring, make
from aixplain.hub.limits import ALL
from aixplain.hub.store.keys import Key, LastAdminKey, NameTaken
from aixplain.hub.store.usage import Spent

#: A new key before anything is said of it.
NEW = Key("new", "new")
#: What the query parameter `force` may be.
FORCE = {"": True, "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


async def list_keys(request: Request) -> Response:
    """All keys that were not revoked."""
    return _answer([told(key) for key in await _administered(request).store.all()])


async def create(request: Request) -> Response:
    """A new key; this answer alone has all of it."""
    keyring, body = _administered(request), await body_of(request, KeyBody)
    if body.name is UNSET:
        raise Refusal(400, "A key has a name, and this has none.")
    with _conflicts():
        key, secret = await make(keyring.store, _changed(request, NEW, body))
    return _answer({**told(key), "accessKey": secret}, 201)


async def tell(request: Request) -> Response:
    """One key."""
    return _answer(told(await _named(request)))


async def change(request: Request) -> Response:
    """Change a key. Those who use it notice within a second."""
    keyring = _administered(request)
    key = _changed(request, await _named(request), await body_of(request, KeyBody))
    with _conflicts():
        if not await keyring.store.replace(key, time.time(), force=_is_forced(request)):
            raise _unknown(key.id)
    return _answer(told(key))


async def revoke(request: Request) -> Response:
    """End a key. Those who use it notice within a second."""
    keyring, id = _administered(request), request.path_params["id"]
    with _conflicts():
        if not await keyring.store.revoke(id, time.time(), force=_is_forced(request)):
            raise _unknown(id)
    return Response(status_code=204)


async def tell_limits(request: Request) -> Response:
    """What a key used today, beside what it may: of all models, then of each that is limited."""
    key = await _named(request) if "id" in request.path_params else key_of(request)
    used = await request.app.state.limiter.so_far(key)
    limits = {ALL: key.limits, **key.model_limits}
    return _answer([told_use(limit, used.get(model) or Spent(model)) for model, limit in limits.items()])


ROUTES = [
    Route("/sdk/api-keys", list_keys, methods=["GET"]),
    Route("/sdk/api-keys", create, methods=["POST"]),
    Route("/sdk/api-keys/usage-limits", tell_limits, methods=["GET"]),
    Route("/sdk/api-keys/{id}", tell, methods=["GET"]),
    Route("/sdk/api-keys/{id}", change, methods=["PUT"]),
    Route("/sdk/api-keys/{id}", revoke, methods=["DELETE"]),
    Route("/sdk/api-keys/{id}/usage-limits", tell_limits, methods=["GET"]),
]


def _administered(request: Request) -> Keyring:
    """The keys, for a key that may administer them. Raises `Refusal` for others."""
    if not key_of(request).is_admin:
        raise Refusal(403, "This key is not for the administration of keys. Use an admin key, or `aix keys` beside the hub.")
    keyring: Keyring = request.app.state.keyring
    return keyring


def _changed(request: Request, key: Key, body: KeyBody) -> Key:
    """A key with what a body says of it. Raises `Refusal` for what can't be."""
    entry_of = request.app.state.service.entry
    try:
        return changed(key, body, lambda model: None if (entry := entry_of(model)) is None else entry.path)
    except ValueError as error:
        raise Refusal(400, str(error)) from error


async def _named(request: Request) -> Key:
    """The key that the address names: its own, or any for those that administer. Raises `Refusal`."""
    id, by = request.path_params["id"], key_of(request)
    if id == by.id:
        return by
    found = [key for key in await _administered(request).store.all() if key.id == id]
    if not found:
        raise _unknown(id)
    return found[0]


@contextlib.contextmanager
def _conflicts() -> Iterator[None]:
    """Turn what other keys rule out into a `Refusal`."""
    try:
        yield
    except LastAdminKey as error:
        raise Refusal(409, f"{error} Make another admin key first, or confirm with the query parameter force=true.") from error
    except NameTaken as error:
        raise Refusal(409, str(error)) from error


def _is_forced(request: Request) -> bool:
    """Return True if the query confirms the change. Raises `Refusal` for a value that is neither yes nor no."""
    told = request.query_params.get("force")
    forced = FORCE.get("false" if told is None else told.lower())
    if forced is None:
        raise Refusal(400, f"force is true or false, and this is {told!r:.60}.")
    return forced


def _unknown(id: str) -> Refusal:
    return Refusal(404, f"There is no key '{id}' on this hub.")


def _answer(content: Any, status: int = 200) -> Response:
    return JsonResponse(msgspec.json.encode(content), status)
